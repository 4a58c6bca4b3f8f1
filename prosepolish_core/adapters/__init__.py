"""Drivers at the edge: each file imports exactly one of redis, psycopg, httpx and the Gemini SDKs."""
