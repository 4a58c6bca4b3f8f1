"""The traffic source: what many writers do all day, in small, seeded and at a chosen rate."""
