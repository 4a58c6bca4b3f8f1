"""User profiles and settings: PostgreSQL is the truth, Redis the copy."""
