-- Tests every limit of a call, then charges all of them or none.
-- KEYS[1..n]  the state of each limit; KEYS[n+1], if there is one, the memory of a request id
-- ARGV        nonce; and packed (limits/plan.py): charge (1) or only look (0), n, memory of the request in ms,
--             then per limit: kind (l, g, w), amount, window µs, cost, shadow (1/0), step µs, step remainder
-- Replies     nonce, allowed (1/0), now µs, then three numbers per limit (see limits/reply.py);
--             or nonce, 2, now µs, the remembered reply
-- No function is defined here: each would be made anew at every call, and cost as much as testing a limit.
-- Time is this server's, in whole µs. Every number stays below 2^53. Every write is a SET with its expiry, so no key is
-- ever without one.
local unpack_bytes, pack_bytes = struct.unpack, struct.pack
local WRAP = 1099511627776 -- counts of a log are kept in five bytes, modulo 2^40
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local charge, n, remember_ms, at = unpack_bytes('>BBI4', ARGV[2])
local values = redis.call('MGET', unpack(KEYS))
if values[n + 1] then
  if redis.call('PTTL', KEYS[n + 1]) == -1 then redis.call('PEXPIRE', KEYS[n + 1], remember_ms) end
  return {ARGV[1], 2, now, values[n + 1]}
end

local allowed, kept, reply = 1, {}, {ARGV[1], 1, now}
for i = 1, n do
  local key, v = KEYS[i], values[i]
  local kind, amount, window, cost, shadow, step, rest
  kind, amount, window, cost, shadow, step, rest, at = unpack_bytes('>c1I4I6I4BI6I4', ARGV[2], at)
  local ok, x, y, z, state, extra
  -- After the clock stepped back no state may lie in the future, or it would count for too long. What is clamped is kept
  -- at once: clamped again at the next look, it would never end.
  if kind == 'l' then
    -- Exact log: total before the first live hit (5 bytes), then per hit its instant (7) and the running total (5).
    ok, x, y, z = cost <= amount, 0, cost > amount and -1 or 0, now
    local count = v and (#v - 5) / 12 or 0
    if count >= 1 and count % 1 == 0 then
      local stamp, last = unpack_bytes('>I7I5', v, 12 * count - 6)
      if stamp > now then
        local parts = {string.sub(v, 1, 5)}
        for k = 1, count do
          local hit, total = unpack_bytes('>I7I5', v, 12 * k - 6)
          parts[k + 1] = pack_bytes('>I7I5', math.min(hit, now), total)
        end
        v, stamp = table.concat(parts), now
        redis.call('SET', key, v, 'PX', window / 1000 + 1)
      end
      if stamp > now - window then
        local base = unpack_bytes('>I5', v)
        if unpack_bytes('>I7', v, 6) <= now - window then
          local live, high = 1, count
          while live < high do
            local middle = math.floor((live + high) / 2)
            if unpack_bytes('>I7', v, 12 * middle - 6) > now - window then high = middle else live = middle + 1 end
          end
          base = unpack_bytes('>I5', v, 12 * live - 11)
          v = string.sub(v, 12 * live - 11)
          count = count - live + 1
        end
        local used = (last - base) % WRAP
        local over = used + cost - amount
        x, z = used, stamp + window
        if over <= 0 then
          state, extra = v, last
        else
          ok = false
          if cost <= amount then -- until so much has expired that the cost fits
            local enough, high = 1, count
            while enough < high do
              local middle = math.floor((enough + high) / 2)
              if (unpack_bytes('>I5', v, 12 * middle + 1) - base) % WRAP >= over then high = middle else enough = middle + 1 end
            end
            y = unpack_bytes('>I7', v, 12 * enough - 6) + window - now
          end
        end
      end
    end
  elseif kind == 'w' then
    -- Fixed window: its end (7 bytes) and the count (5), armed by the first hit and never moved.
    state, extra = now + window, 0
    if v and #v == 12 then
      local stored, count = unpack_bytes('>I7I5', v)
      if stored > now then state, extra = stored, count end
      if state > now + window then
        state = now + window
        redis.call('SET', key, pack_bytes('>I7I5', state, extra), 'PX', window / 1000 + 1)
      end
    end
    ok, x, y, z = extra + cost <= amount, extra, 0, state
    if not ok then y, z = cost > amount and -1 or state - now, extra > 0 and state or now end
  else
    -- GCRA: the instant at which all is free again, exact: whole µs (7 bytes) and a remainder in 1/amount µs (4).
    x, y, z = now, 0, 0
    if v and #v == 11 then
      local stored, part = unpack_bytes('>I7I4', v)
      if stored >= now and part < amount then
        x, y = stored, part
        if x - now > window or (x - now == window and y > 0) then
          x, y = now + window, 0
          redis.call('SET', key, pack_bytes('>I7I4', x, 0), 'PX', window / 1000 + 1)
        end
      end
    end
    state, extra = x + step, y + rest
    if extra >= amount then state, extra = state + 1, extra - amount end
    local late = state - now - window
    ok = cost <= amount and (late < 0 or (late == 0 and extra == 0))
  end
  if not ok and shadow == 0 then allowed = 0 end
  reply[3 * i + 1], reply[3 * i + 2], reply[3 * i + 3] = x, y, z
  kept[i] = {ok, kind, state, extra, window, cost}
end
reply[2] = allowed
-- A key that lost its expiry (PERSIST, a restore) gets one again even if this call does not write it.
for i = 1, n do
  local written = allowed == 1 and charge == 1 and kept[i][1]
  if values[i] and not written and redis.call('PTTL', KEYS[i]) == -1 then redis.call('PEXPIRE', KEYS[i], kept[i][5] / 1000 + 1) end
end
if allowed == 1 and charge == 1 then
  for i = 1, n do
    local ok, kind, state, extra, window, cost = unpack(kept[i], 1, 6)
    if ok then
      local v, ms
      if kind == 'l' then
        v = state and state .. pack_bytes('>I7I5', now, (extra + cost) % WRAP) or pack_bytes('>I5I7I5', 0, now, cost)
        ms = window / 1000 + 1
      elseif kind == 'w' then
        v, ms = pack_bytes('>I7I5', state, extra + cost), math.ceil((state - now) / 1000) + 1
      else
        v, ms = pack_bytes('>I7I4', state, extra), math.ceil((state - now) / 1000) + 2
      end
      redis.call('SET', KEYS[i], v, 'PX', ms)
    end
  end
  if KEYS[n + 1] then
    local numbers = {}
    for i = 3, #reply do numbers[i - 2] = string.format('%.0f', reply[i]) end
    redis.call('SET', KEYS[n + 1], table.concat(numbers, ' '), 'PX', remember_ms)
  end
end
return reply
