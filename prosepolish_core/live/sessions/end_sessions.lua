-- Makes Redis forget: deletes sessions (and leases on them), and raises generations, never lowers them.
-- KEYS  sessions, then generations.  ARGV  nonce, number of sessions, generation ms, then one number per generation
-- Replies  nonce, keys deleted
local dead, gone = tonumber(ARGV[2]), 0
for i = 1, dead do gone = gone + redis.call('UNLINK', KEYS[i]) end
for i = dead + 1, #KEYS do
  local stored = tonumber(redis.call('GET', KEYS[i]) or '')
  local wanted = ARGV[3 + i - dead]
  if not stored or stored < tonumber(wanted) then redis.call('SET', KEYS[i], wanted, 'PX', ARGV[3]) end
end
return {ARGV[1], gone}
