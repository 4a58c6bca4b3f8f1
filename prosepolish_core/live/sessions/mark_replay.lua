-- Notes up to where the log of revocations has been replayed to this data set; never goes back.
-- KEYS: the mark. ARGV: nonce, place, ms. Replies: nonce, the place kept.
local stored = tonumber(redis.call('GET', KEYS[1]) or '-1')
local place = math.max(stored, tonumber(ARGV[2]))
redis.call('SET', KEYS[1], string.format('%.0f', place), 'PX', ARGV[3])
return {ARGV[1], place}
