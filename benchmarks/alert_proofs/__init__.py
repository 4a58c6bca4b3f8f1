"""The proofs of alerts: what is said while things break, how soon, how often for nothing, at what cost."""
