"""`/metrics`: the latest readings as Prometheus text, and one process's own counts. Import the module that is meant."""
