"""Values: no I/O, no clock, no driver. Everything else may import these."""
