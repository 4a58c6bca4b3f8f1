-- Called before PostgreSQL is told to end, rotate or create a session.
-- Keys of sessions that will end get a bar: until it is gone, Redis neither serves nor stores them, and readers ask PostgreSQL.
-- Keys of sessions that will begin get a lease, if they are free: a log-out in the meantime voids the lease, and nothing is stored.
-- KEYS  first the keys to bar, then the keys to lease.  ARGV  nonce, lease, lifetime of bar and lease in ms, number of keys to bar
-- A bar is a lease that no reader holds. Bar and lease end by themselves when the process that set them dies.
local bars = tonumber(ARGV[4])
for i = 1, #KEYS do
  if i <= bars then
    redis.call('SET', KEYS[i], 'L!' .. ARGV[2], 'PX', ARGV[3])
  else
    redis.call('SET', KEYS[i], 'L' .. ARGV[2], 'NX', 'PX', ARGV[3])
  end
end
return {ARGV[1]}
