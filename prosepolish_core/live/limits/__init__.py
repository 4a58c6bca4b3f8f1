"""Rate limits: tested and charged in one round trip, exact, and honest when Redis is away."""
