-- extend changes the terms of a live link.
-- KEYS[1] account
-- KEYS[2] reservations
-- ARGV[1] now, or empty
-- ARGV[2] latest reading of the clock
-- ARGV[3] views, or empty: as they are
-- ARGV[4] views each, or empty: as they are
-- ARGV[5] views to add
-- ARGV[6] views each to add
-- ARGV[7] 1: set expires
-- ARGV[8] expires, or empty: open
-- ARGV[9] seats, or empty: as they are
-- ARGV[10] seats each, or empty: as they are
-- ARGV[11] 1: replace the oldest when full, 0: refuse, or empty: as it is
-- shared: clock account changes
local word = standing()
if word == 'not_found' then return reply(word) end
if word == 'revoked' then return reply('final') end

-- limit is the new limit. By a sum none falls below one: zero is "no limit".
local function limit(old, set, add)
  local n = tonumber(set) or old
  return n == 0 and 0 or math.min(math.max(n + tonumber(add), 1), MAX_LIMIT)
end

account.views = limit(account.views, ARGV[3], ARGV[5])
account.each = limit(account.each, ARGV[4], ARGV[6])
account.seats = tonumber(ARGV[9]) or account.seats
account.seats_each = tonumber(ARGV[10]) or account.seats_each
account.replace = tonumber(ARGV[11]) or account.replace
if ARGV[7] == '1' then account.expires = tonumber(ARGV[8]) end
announce('link')
return commit('ok')
