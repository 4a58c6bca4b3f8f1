"""Rate limits: one atomic script per decision."""
