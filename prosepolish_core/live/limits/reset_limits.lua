-- Forgets the state of limits. KEYS: the states. ARGV: nonce. Replies: nonce, how many there were.
return {ARGV[1], redis.call('UNLINK', unpack(KEYS))}
