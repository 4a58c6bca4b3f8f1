-- Before a durable change: what is about to die cannot be served or filled until the change is over, and what is about to
-- be born can be filled only if nothing ends it meanwhile.
-- KEYS  first those to bar, then those to lease if they are free.  ARGV  nonce, lease, ms, how many to bar
-- A bar is a lease that no reader holds. It expires by itself, should the process that set it die.
local bars = tonumber(ARGV[4])
for i = 1, #KEYS do
  if i <= bars then
    redis.call('SET', KEYS[i], 'L!' .. ARGV[2], 'PX', ARGV[3])
  else
    redis.call('SET', KEYS[i], 'L' .. ARGV[2], 'NX', 'PX', ARGV[3])
  end
end
return {ARGV[1]}
