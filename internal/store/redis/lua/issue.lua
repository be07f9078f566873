-- issue opens a link's account, or finds it.
-- KEYS[1] account
-- KEYS[2] reservations
-- KEYS[3] session names of the link
-- KEYS[4] devices of the link
-- ARGV[1] now, or empty
-- ARGV[2] latest reading of the clock
-- ARGV[3] views
-- ARGV[4] views each
-- ARGV[5] starts, or empty
-- ARGV[6] expires, or empty
-- ARGV[7] seats
-- ARGV[8] seats each
-- ARGV[9] 1: replace the oldest when full
-- ARGV[10] start by, or empty
-- ARGV[11] play for
-- shared: clock account
if account then return reply('ok') end

-- What belongs to an account that is gone was left by a loss: a new account
-- would give its views out a second time.
if redis.call('EXISTS', KEYS[2], KEYS[3], KEYS[4]) > 0 then return reply('lost') end

account = {
  state = 'active', since = now, why = '', by = '',
  views = tonumber(ARGV[3]), each = tonumber(ARGV[4]),
  starts = tonumber(ARGV[5]), expires = tonumber(ARGV[6]),
  seats = tonumber(ARGV[7]), seats_each = tonumber(ARGV[8]), replace = tonumber(ARGV[9]),
  start_by = tonumber(ARGV[10]), play_for = tonumber(ARGV[11]),
  used = 0, redeems = 0, devices = 0, opens = 0, refused = 0, listed = 0, sessions = 0, bytes = 0,
}
redis.call('HSET', KEYS[1], 'state', account.state, 'why', '', 'by', '')
return commit('ok')
