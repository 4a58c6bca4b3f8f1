-- Keeps a user's list of devices: drops what has expired, adds or removes one, and lists. It holds handles, never tokens.
-- KEYS  the index.  ARGV  nonce, handle to add (or ''), its expiry in ms, handle to remove (or ''), remove all (1/0)
-- Replies  nonce, then handle, expiry, handle, expiry …
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
if ARGV[5] == '1' then redis.call('UNLINK', KEYS[1]) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if ARGV[4] ~= '' then redis.call('ZREM', KEYS[1], ARGV[4]) end
if ARGV[2] ~= '' then redis.call('ZADD', KEYS[1], ARGV[3], ARGV[2]) end
local last = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')
if last[2] then redis.call('PEXPIREAT', KEYS[1], last[2]) end
local reply = redis.call('ZRANGE', KEYS[1], 0, 999, 'WITHSCORES')
table.insert(reply, 1, ARGV[1])
return reply
