"""Connections to Redis, PostgreSQL and HTTP, each once.

A file imports one driver; the bridge from requests to httpx has two.
"""
