-- Tests every limit of a call, then charges all of them or none.
-- KEYS[1..n]  the state of each limit; KEYS[n+1], if there is one, the memory of a request id
-- ARGV        nonce, n, charge (1) or only look (0), memory of the request in ms,
--             then per limit: kind (l, g, w), amount, window µs, cost, shadow (1/0), step µs, step remainder
-- Replies     nonce, allowed (1/0), now µs, then three numbers per limit (see limits/reply.py);
--             or nonce, 2, now µs, the remembered reply
-- Time is this server's, in whole µs. Every number stays below 2^53. Every write is a SET with its expiry, so no key is
-- ever without one.
local unpack_bytes, pack_bytes = struct.unpack, struct.pack
local WRAP = 1099511627776 -- counts of a log are kept in five bytes, modulo 2^40
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local n = tonumber(ARGV[2])
local values = redis.call('MGET', unpack(KEYS))
if values[n + 1] then
  if redis.call('PTTL', KEYS[n + 1]) == -1 then redis.call('PEXPIRE', KEYS[n + 1], ARGV[4]) end
  return {ARGV[1], 2, now, values[n + 1]}
end

local function entry(v, i) return unpack_bytes('>I7I5', v, 12 * i - 6) end

-- The first i in 1..count for which holds(i); count + 1 if none. `holds` is false, then true.
local function first(count, holds)
  local low, high = 1, count + 1
  while low < high do
    local middle = math.floor((low + high) / 2)
    if holds(middle) then high = middle else low = middle + 1 end
  end
  return low
end

-- After the clock stepped back no state may lie in the future, or it would count for too long. What is clamped is kept at
-- once: clamped again at the next look, it would never end.
local function keep(key, v, window)
  redis.call('SET', key, v, 'PX', window / 1000 + 1)
  return v
end

local function clamped(v, count)
  local parts = {string.sub(v, 1, 5)}
  for i = 1, count do
    local stamp, total = entry(v, i)
    parts[i + 1] = pack_bytes('>I7I5', math.min(stamp, now), total)
  end
  return table.concat(parts)
end

local test, write = {}, {}

-- Exact log: total before the first live hit (5 bytes), then per hit its instant (7) and the running total (5).
function test.l(key, v, amount, window, cost)
  local count = v and (#v - 5) / 12 or 0
  if count < 1 or count % 1 ~= 0 then return cost <= amount, 0, cost > amount and -1 or 0, now, nil end
  local stamp, last = entry(v, count)
  if stamp > now then
    v = keep(key, clamped(v, count), window)
    stamp = now
  end
  if stamp <= now - window then return cost <= amount, 0, cost > amount and -1 or 0, now, nil end
  local base = unpack_bytes('>I5', v, 1)
  if unpack_bytes('>I7', v, 6) <= now - window then
    local live = first(count, function(i) return unpack_bytes('>I7', v, 12 * i - 6) > now - window end)
    base = unpack_bytes('>I5', v, 12 * live - 11)
    v = string.sub(v, 12 * live - 11)
    count = count - live + 1
  end
  local used = (last - base) % WRAP
  local over = used + cost - amount
  if over <= 0 then return true, used, 0, stamp + window, v, last end
  if cost > amount then return false, used, -1, stamp + window end
  local i = first(count, function(k) return (unpack_bytes('>I5', v, 12 * k + 1) - base) % WRAP >= over end)
  return false, used, unpack_bytes('>I7', v, 12 * i - 6) + window - now, stamp + window
end

function write.l(key, v, last, window, cost)
  if v then
    v = v .. pack_bytes('>I7I5', now, (last + cost) % WRAP)
  else
    v = pack_bytes('>I5I7I5', 0, now, cost)
  end
  redis.call('SET', key, v, 'PX', window / 1000 + 1)
end

-- Fixed window: its end (7 bytes) and the count (5), armed by the first hit and never moved.
function test.w(key, v, amount, window, cost)
  local ends, used = now + window, 0
  if v and #v == 12 then
    local stored, count = unpack_bytes('>I7I5', v)
    if stored > now then ends, used = stored, count end
    if ends > now + window then
      ends = now + window
      keep(key, pack_bytes('>I7I5', ends, used), window)
    end
  end
  if used + cost <= amount then return true, used, 0, ends, ends, used end
  return false, used, cost > amount and -1 or ends - now, used > 0 and ends or now
end

function write.w(key, ends, used, _, cost)
  redis.call('SET', key, pack_bytes('>I7I5', ends, used + cost), 'PX', math.ceil((ends - now) / 1000) + 1)
end

-- GCRA: the instant at which all is free again, exact: whole µs (7 bytes) and a remainder in 1/amount µs (4).
function test.g(key, v, amount, window, cost, step, rest)
  local free, part = now, 0
  if v and #v == 11 then
    local stored, stored_part = unpack_bytes('>I7I4', v)
    if stored >= now and stored_part < amount then
      free, part = stored, stored_part
      if free - now > window or (free - now == window and part > 0) then
        free, part = now + window, 0
        keep(key, pack_bytes('>I7I4', free, 0), window)
      end
    end
  end
  local next_free, next_part = free + step, part + rest
  if next_part >= amount then next_free, next_part = next_free + 1, next_part - amount end
  local late = next_free - now - window
  if cost <= amount and (late < 0 or (late == 0 and next_part == 0)) then
    return true, free, part, 0, next_free, next_part
  end
  return false, free, part, 0
end

function write.g(key, free, part)
  redis.call('SET', key, pack_bytes('>I7I4', free, part), 'PX', math.ceil((free - now) / 1000) + 2)
end

local allowed, kept, reply = 1, {}, {ARGV[1], 1, now}
for i = 1, n do
  local a = 7 * i - 2
  local kind, amount, window, cost = ARGV[a], tonumber(ARGV[a + 1]), tonumber(ARGV[a + 2]), tonumber(ARGV[a + 3])
  local ok, x, y, z, state, extra = test[kind](KEYS[i], values[i], amount, window, cost, tonumber(ARGV[a + 5]), tonumber(ARGV[a + 6]))
  if not ok and ARGV[a + 4] == '0' then allowed = 0 end
  reply[3 * i + 1], reply[3 * i + 2], reply[3 * i + 3] = x, y, z
  kept[i] = {ok, kind, state, extra, window, cost}
end
reply[2] = allowed
-- A key that lost its expiry (PERSIST, a restore) gets one again even if this call does not write it.
for i = 1, n do
  local written = allowed == 1 and ARGV[3] == '1' and kept[i][1]
  if values[i] and not written and redis.call('PTTL', KEYS[i]) == -1 then redis.call('PEXPIRE', KEYS[i], kept[i][5] / 1000 + 1) end
end
if allowed == 1 and ARGV[3] == '1' then
  for i = 1, n do
    local k = kept[i]
    if k[1] then write[k[2]](KEYS[i], k[3], k[4], k[5], k[6]) end
  end
  if KEYS[n + 1] then
    local numbers = {}
    for i = 3, #reply do numbers[i - 2] = string.format('%.0f', reply[i]) end
    redis.call('SET', KEYS[n + 1], table.concat(numbers, ' '), 'PX', ARGV[4])
  end
end
return reply
