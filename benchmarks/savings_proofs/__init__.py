"""Proofs of the ledger: to the cent, under kills, in every sum, and how far hold-out and projection may be trusted."""
