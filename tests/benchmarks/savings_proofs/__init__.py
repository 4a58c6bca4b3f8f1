"""Short slices of the proofs of the ledger."""
