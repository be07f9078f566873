-- gather marks a session as one that watches a single asset.
-- KEYS[1] account
-- KEYS[2] reservations
-- KEYS[3] session
-- ARGV[1] now, or empty
-- ARGV[2] latest reading of the clock
-- shared: clock account sessions
if standing() == 'not_found' or not session(KEYS[3]) then return reply('not_found') end
redis.call('HSET', KEYS[3], 'gathered', 1)
mark()
return reply('ok')
