-- Prolong a lease that still stands. KEYS[1]; ARGV: token, lease in ms. Gives 1 when it stood.
local head = redis.call('GETRANGE', KEYS[1], 0, 19)
if string.sub(head, 5) ~= ARGV[1] then return 0 end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('SETRANGE', KEYS[1], 20, string.format('%013d', now + ARGV[2]))
if string.sub(head, 1, 2) == '1L' then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1
