"""PostgreSQL as the store everybody shares: schema, samples, roll-ups, queries."""
