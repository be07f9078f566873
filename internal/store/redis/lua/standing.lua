-- standing says what becomes of a link from now on.
-- KEYS[1] account
-- KEYS[2] reservations
-- ARGV[1] now, or empty
-- ARGV[2] latest reading of the clock
-- ARGV[3] state
-- ARGV[4] why
-- ARGV[5] by
-- shared: clock account changes
local word = standing()
if word == 'not_found' then return reply(word) end
if word == 'revoked' then
  return reply(ARGV[3] == 'revoked' and 'ok' or 'final')
end

-- The sweep comes first because it needs no memory: Redis lets a script that
-- has begun to write go on, and so a link can be revoked on a full server too.
sweep()
account.state, account.since, account.why, account.by = ARGV[3], now, ARGV[4], ARGV[5]
redis.call('HSET', KEYS[1], 'state', account.state, 'why', account.why, 'by', account.by)
announce('link')
return commit('ok')
