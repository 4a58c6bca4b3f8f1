"""Collectors: poll Redis INFO and the other sources on a schedule and save time series."""
