"""Addresses of servers, read and checked before any server is asked.

What is wrong is one sentence that shows no secret.
"""
