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
-- ARGV[9] what its requests cost, or empty: there are none
-- ARGV[10] since when
-- ARGV[11] how far ahead they may bring the session
-- ARGV[12] refused openings
-- shared: clock account plays sessions
if not account then return reply('ok') end -- a fact about nothing
account.opens, account.refused = account.opens + ARGV[3], account.refused + ARGV[12]
account.bytes = (account.bytes or 0) + ARGV[4]
local s = session(KEYS[3])
if not s then return commit('ok') end

local seen = math.min(tonumber(ARGV[5]), now)
s.bytes, s.seen = s.bytes + ARGV[4], math.max(seen, s.seen)
local cost = tonumber(ARGV[9])
if cost then
  local since = math.min(math.max(tonumber(ARGV[10]), now - PACED_BACK), now)
  s.paced = math.min(math.max(s.paced or since, since) + cost, now + ARGV[11])
end
redis.call('HSET', KEYS[3], 'facts', facts(s))
local play = parse(redis.call('HGET', KEYS[4], ARGV[6]))
if running(play, tonumber(ARGV[7]), tonumber(ARGV[8])) and seen > play.seen then
  play.seen = seen
  keep(KEYS[4], ARGV[6], play)
end
return commit('ok')
