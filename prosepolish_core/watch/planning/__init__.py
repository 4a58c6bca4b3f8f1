"""Planning ahead: today's setting and others, played on the recorded trace; predictions that were kept."""
