"""Connections to Redis, PostgreSQL and HTTP, each once. A file here imports at most one driver."""
