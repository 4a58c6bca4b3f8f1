"""A simulated past: what the collectors and the core would have counted, with faults whose truth is known."""
