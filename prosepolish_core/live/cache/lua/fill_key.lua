-- Fill a key whose lease still stands. KEYS[1]; ARGV: token, value or '', ttl in ms, channel, message for who waits.
-- Gives 1 when the lease stood. A value is its own message.
local head = redis.call('GETRANGE', KEYS[1], 0, 19)
local held = string.sub(head, 5) == ARGV[1]
if held and ARGV[2] ~= '' then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
elseif held then
  redis.call('DEL', KEYS[1])
end
if not held or string.sub(head, 4, 4) == 'w' then
  redis.call('PUBLISH', ARGV[4], ARGV[1] .. (ARGV[2] ~= '' and ARGV[2] or ARGV[5]))
end
return held and 1 or 0
