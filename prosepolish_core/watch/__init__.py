"""What is measured, kept and read back: Redis readings, series, counts, metrics, the schema."""
