"""The tiered lookup of words: chain, leases, fills."""
