"""Real servers from wheels: Valkey and PostgreSQL, run as children on loopback."""
