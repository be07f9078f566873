-- gather marks a session as one that watches a single asset.
-- KEYS[1] account
-- KEYS[2] reservations
-- KEYS[3] session
-- ARGV[1] now, or empty
-- ARGV[2] latest reading of the clock
-- shared: clock account sessions
local s = session(KEYS[3])
if not account or not s then return reply('not_found') end
s.gathered = 1
redis.call('HSET', KEYS[3], 'facts', facts(s))
return commit('ok')
