-- Looks at a session and slides its idle limit; on a miss, leases the right to fill it from the durable store.
-- KEYS  the session, its user's generation.  ARGV  nonce, lease, lease ms, idle ms, touch ms
-- Replies  nonce, 1, record, touch due (1/0) when it is live; nonce, 0, lease taken (1/0) when Redis cannot tell
-- A lease begins with 'L'. A log-out deletes or replaces it, so a fill that read before the log-out comes too late.
local function leased(key)
  return redis.call('SET', key, 'L' .. ARGV[2], 'NX', 'PX', ARGV[3]) and true or false
end
local record = redis.call('GET', KEYS[1])
local generation = redis.call('GET', KEYS[2])
if generation and string.sub(generation, 1, 1) == 'L' then generation = nil end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
if record then
  local mine, expires, touched, rest = string.match(record, '^(%d+) (%d+) (%d+) (.*)$')
  if mine and mine == generation and tonumber(expires) > now then
    local due = 0
    if now - tonumber(touched) >= tonumber(ARGV[5]) or tonumber(touched) > now then
      due = 1
      record = mine .. ' ' .. expires .. ' ' .. string.format('%.0f', now) .. ' ' .. rest
      redis.call('SET', KEYS[1], record, 'PX', math.min(tonumber(ARGV[4]), expires - now))
    else
      redis.call('PEXPIRE', KEYS[1], math.min(tonumber(ARGV[4]), expires - now))
    end
    return {ARGV[1], 1, rest, due}
  end
  -- Not to be trusted (another generation, or no generation known): make room for a lease.
  if mine then redis.call('UNLINK', KEYS[1]) end
end
local taken = leased(KEYS[1])
if not generation then leased(KEYS[2]) end
return {ARGV[1], 0, taken and 1 or 0}
