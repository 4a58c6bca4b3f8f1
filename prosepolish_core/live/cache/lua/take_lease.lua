-- Take the lease of a key. KEYS[1]; ARGV: token, lease in ms, 'refresh' or ''. Gives 1, or what is stored instead.
local stored = redis.call('GET', KEYS[1])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local mine = ARGV[1] .. string.format('%013d', now + ARGV[2])
local state = stored and string.sub(stored, 1, 2)
local held = stored and (tonumber(string.sub(stored, 21, 33)) or 0) > now
if state == '1V' then
  if ARGV[3] ~= 'refresh' or held then return stored end
  redis.call('SETRANGE', KEYS[1], 4, mine)
  return 1
end
if state == '1L' and held then
  redis.call('SETRANGE', KEYS[1], 3, 'w')
  return stored
end
redis.call('SET', KEYS[1], '1L-.' .. mine, 'PX', ARGV[2])
return 1
