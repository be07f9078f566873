-- extend changes the terms of a live link. What is empty stays as it is.
-- KEYS[1] account
-- KEYS[2] reservations
-- ARGV[1] now, or empty
-- ARGV[2] latest reading of the clock
-- ARGV[3] views
-- ARGV[4] views each
-- ARGV[5] views to add
-- ARGV[6] views each to add
-- ARGV[7] starts, -: at once
-- ARGV[8] expires, -: never
-- ARGV[9] start by, -: at any time
-- ARGV[10] play for
-- ARGV[11] seats
-- ARGV[12] seats each
-- ARGV[13] 1: replace the oldest when full, 0: refuse
-- ARGV[14] views to hand on
-- shared: clock account changes
local word = standing()
if word == 'not_found' then return reply(word) end
if word == 'revoked' then return reply('final') end

local hand_on = tonumber(ARGV[14])
if hand_on > 0 and account.views ~= 0 then
  local left = account.views - account.used - outstanding()
  if left < hand_on or account.views <= hand_on then return reply('too_few') end
  account.views = account.views - hand_on
end

-- limit is the new limit. By a sum none falls below one: zero is "no limit".
local function limit(old, set, add)
  local n = tonumber(set) or old
  return n == 0 and 0 or math.min(math.max(n + tonumber(add), 1), MAX_LIMIT)
end

-- moment is the new time, nil where there is none.
local function moment(old, set)
  if set == '' then return old end
  return tonumber(set)
end

account.views = limit(account.views, ARGV[3], ARGV[5])
account.each = limit(account.each, ARGV[4], ARGV[6])
account.starts = moment(account.starts, ARGV[7])
account.expires = moment(account.expires, ARGV[8])
account.start_by = moment(account.start_by, ARGV[9])
account.play_for = tonumber(ARGV[10]) or account.play_for
account.seats = tonumber(ARGV[11]) or account.seats
account.seats_each = tonumber(ARGV[12]) or account.seats_each
account.replace = tonumber(ARGV[13]) or account.replace
announce('link')
return commit('ok')
