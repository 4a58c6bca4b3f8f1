"""Short slices of the proof campaigns."""
