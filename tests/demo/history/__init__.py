"""The simulated past."""
