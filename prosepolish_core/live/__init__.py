"""What one request passes: words, corrections, users, limits, sessions, their cache and the LLM."""
