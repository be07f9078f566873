-- end ends a session now.
-- KEYS[1] account
-- KEYS[2] reservations
-- KEYS[3] session
-- KEYS[4] session names of the link by the time until which they are listed
-- ARGV[1] now, or empty
-- ARGV[2] latest reading of the clock
-- ARGV[3] session
-- ARGV[4] what the link's keys begin with
-- shared: clock account sessions changes leave
local s = session(KEYS[3])
if not account or not s then return reply('not_found') end
if s.live then
  sweep() -- first, as in standing: a session can be ended on a full server too
  leave(KEYS[4], ARGV[4], ARGV[3], s)
end
return commit('ok', redis.call('HMGET', KEYS[3], 'agent', 'group', 'facts'))
