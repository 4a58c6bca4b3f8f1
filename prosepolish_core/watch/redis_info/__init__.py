"""What Redis and Valkey say about themselves, read without any driver: replies in, samples out."""
