-- Stores what the durable store said, if the lease taken before reading it still stands.
-- KEYS  the session, its user's generation.  ARGV  nonce, lease, record, session ms, generation, generation ms
-- Replies  nonce, stored (1/0)
local lease = 'L' .. ARGV[2]
local generation = redis.call('GET', KEYS[2])
if generation == lease then
  redis.call('SET', KEYS[2], ARGV[5], 'PX', ARGV[6])
  generation = ARGV[5]
end
if redis.call('GET', KEYS[1]) ~= lease then return {ARGV[1], 0} end
if generation ~= ARGV[5] then
  redis.call('UNLINK', KEYS[1])
  return {ARGV[1], 0}
end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
return {ARGV[1], 1}
