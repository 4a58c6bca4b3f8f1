-- Tests every limit of a call, then charges all of them or none.
-- KEYS[1..n]  the state of each limit; KEYS[n+1], if there is one, the memory of a request id
-- ARGV        nonce; and packed (limits/plan.py): charge (1) or only look (0), n, memory of the request in ms,
--             then per limit: kind (l, g, w), amount, window µs, cost, shadow (1/0), step µs, step remainder
-- Replies     one string: nonce, allowed (1/0; 2: allowed before, remembered), its µs (8 bytes), then three numbers of
--             8 bytes per limit (see limits/reply.py)
-- No function is defined here: each would be made anew at every call, and cost as much as testing a limit. A reply of many
-- values costs as much again; a string does not.
-- Time is this server's, in whole µs. Every number stays below 2^53. Every write sets an expiry, so no key is ever
-- without one.
local unpack_bytes, pack_bytes = struct.unpack, struct.pack
local WRAP = 1099511627776 -- counts of a log are kept in five bytes, modulo 2^40
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local charge, n, remember_ms, at = unpack_bytes('>BBI4', ARGV[2])
local values = redis.call('MGET', unpack(KEYS))
if values[n + 1] then
  if redis.call('PTTL', KEYS[n + 1]) == -1 then redis.call('PEXPIRE', KEYS[n + 1], remember_ms) end
  return ARGV[1] .. '\2' .. values[n + 1]
end

-- What an allowed call will write: a whole new value, or what is appended to the old one; and how long the key then lives.
local whole, added, lives_ms = {}, {}, {}
local allowed, said = 1, pack_bytes('>I8', now)
for i = 1, n do
  local v = values[i]
  local kind, amount, window, cost, shadow, step, rest
  kind, amount, window, cost, shadow, step, rest, at = unpack_bytes('>c1I4I6I4BI6I4', ARGV[2], at)
  local ms = window / 1000 + 1
  local ok, x, y, z
  -- After the clock stepped back no state may lie in the future, or it would count for too long. What is clamped is kept
  -- at once: clamped again at the next look, it would never end.
  if kind == 'l' then
    -- Exact log: total before the first hit (5 bytes), then per hit its instant (7) and the running total (5). A hit is
    -- appended, which is cheaper than to write anew, unless others in front have expired.
    ok, x, y, z = cost <= amount, 0, cost > amount and -1 or 0, now
    local count = v and (#v - 5) / 12 or 0
    local used
    if count >= 1 and count % 1 == 0 then
      local stamp, last = unpack_bytes('>I7I5', v, 12 * count - 6)
      if stamp > now then
        local parts = {string.sub(v, 1, 5)}
        for k = 1, count do
          local hit, total = unpack_bytes('>I7I5', v, 12 * k - 6)
          parts[k + 1] = pack_bytes('>I7I5', math.min(hit, now), total)
        end
        v, stamp = table.concat(parts), now
        redis.call('SET', KEYS[i], v, 'PX', ms)
      end
      if stamp > now - window then
        local live = 1
        local base, first = unpack_bytes('>I5I7', v)
        if first <= now - window then
          local high = count
          while live < high do
            local middle = math.floor((live + high) / 2)
            if unpack_bytes('>I7', v, 12 * middle - 6) > now - window then high = middle else live = middle + 1 end
          end
          base = unpack_bytes('>I5', v, 12 * live - 11)
        end
        used = (last - base) % WRAP
        local over = used + cost - amount
        x, z = used, stamp + window
        if over <= 0 then
          local hit = pack_bytes('>I7I5', now, (last + cost) % WRAP)
          if live == 1 then added[i] = hit else whole[i] = string.sub(v, 12 * live - 11) .. hit end
        else
          ok = false
          if cost <= amount then -- until so much has expired that the cost fits
            local enough, high = live, count
            while enough < high do
              local middle = math.floor((enough + high) / 2)
              if (unpack_bytes('>I5', v, 12 * middle + 1) - base) % WRAP >= over then high = middle else enough = middle + 1 end
            end
            y = unpack_bytes('>I7', v, 12 * enough - 6) + window - now
          end
        end
      end
    end
    if ok and not used then whole[i] = pack_bytes('>I5I7I5', 0, now, cost) end
  elseif kind == 'w' then
    -- Fixed window: its end (7 bytes) and the count (5), armed by the first hit and never moved.
    local ends, count = now + window, 0
    if v and #v == 12 then
      local stored, hits = unpack_bytes('>I7I5', v)
      if stored > now then ends, count = stored, hits end
      if ends > now + window then
        ends = now + window
        redis.call('SET', KEYS[i], pack_bytes('>I7I5', ends, count), 'PX', ms)
      end
    end
    ok, x, y, z = count + cost <= amount, count, 0, ends
    if ok then
      whole[i], ms = pack_bytes('>I7I5', ends, count + cost), math.ceil((ends - now) / 1000) + 1
    else
      y, z = cost > amount and -1 or ends - now, count > 0 and ends or now
    end
  else
    -- GCRA: the instant at which all is free again, exact: whole µs (7 bytes) and a remainder in 1/amount µs (4).
    x, y, z = now, 0, 0
    if v and #v == 11 then
      local stored, part = unpack_bytes('>I7I4', v)
      if stored >= now and part < amount then
        x, y = stored, part
        if x - now > window or (x - now == window and y > 0) then
          x, y = now + window, 0
          redis.call('SET', KEYS[i], pack_bytes('>I7I4', x, 0), 'PX', ms)
        end
      end
    end
    local free, part = x + step, y + rest
    if part >= amount then free, part = free + 1, part - amount end
    local late = free - now - window
    ok = cost <= amount and (late < 0 or (late == 0 and part == 0))
    if ok then whole[i], ms = pack_bytes('>I7I4', free, part), math.ceil((free - now) / 1000) + 2 end
  end
  if not ok and shadow == 0 then allowed = 0 end
  lives_ms[i] = ms
  said = said .. pack_bytes('>i8i8i8', x, y, z)
end

local charged = allowed == 1 and charge == 1
for i = 1, n do
  if charged and whole[i] then
    redis.call('SET', KEYS[i], whole[i], 'PX', lives_ms[i])
  elseif charged and added[i] then
    redis.call('APPEND', KEYS[i], added[i])
    redis.call('PEXPIRE', KEYS[i], lives_ms[i])
  elseif values[i] and redis.call('PTTL', KEYS[i]) == -1 then
    -- It lost its expiry (PERSIST, a restore) and gets one again, although this call does not write it.
    redis.call('PEXPIRE', KEYS[i], lives_ms[i])
  end
end
if charged and KEYS[n + 1] then redis.call('SET', KEYS[n + 1], said, 'PX', remember_ms) end
return ARGV[1] .. (allowed == 1 and '\1' or '\0') .. said
