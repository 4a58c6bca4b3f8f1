-- Reads one key. KEYS: it. ARGV: nonce. Replies: nonce, its value or nothing.
return {ARGV[1], redis.call('GET', KEYS[1])}
