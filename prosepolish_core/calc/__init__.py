"""Arithmetic without I/O: counters, quantiles, ratios, money, thinning."""
