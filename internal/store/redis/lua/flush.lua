-- flush adds one gathered usage fact.
-- KEYS[1] account
-- KEYS[2] reservations
-- KEYS[3] session
-- KEYS[4] plays of the subject
-- ARGV[1] now, or empty
-- ARGV[2] latest reading of the clock
-- ARGV[3] opens
-- ARGV[4] bytes
-- ARGV[5] last seen
-- ARGV[6] asset
-- ARGV[7] idle
-- ARGV[8] max
-- shared: clock account plays sessions
if standing() == 'not_found' then return 'ok' end -- a fact about nothing
if ARGV[3] ~= '0' then redis.call('HINCRBY', account, 'opens', ARGV[3]) end
local s = session(KEYS[3])
if not s then return 'ok' end

redis.call('HINCRBY', KEYS[3], 'bytes', ARGV[4])
local seen = math.min(tonumber(ARGV[5]), now)
if seen > s.seen then redis.call('HSET', KEYS[3], 'seen', seen) end
local play = parse(redis.call('HGET', KEYS[4], ARGV[6]))
if running(play, tonumber(ARGV[7]), tonumber(ARGV[8])) and seen > play.seen then
  play.seen = seen
  keep(KEYS[4], ARGV[6], play)
end
mark()
return 'ok'
