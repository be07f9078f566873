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
-- shared: clock account
local word = standing()
if word == 'not_found' then return reply(word) end
if word == 'revoked' then return reply('final') end

-- limit is the new limit. Numbers are exact up to 2^53 here, and a sum stops
-- there. By a sum no limit falls below one: zero is "no limit".
local function limit(field, set, add)
  local n = tonumber(set) or tonumber(redis.call('HGET', account, field))
  if n ~= 0 then
    n = math.min(math.max(n + tonumber(add), 1), 2 ^ 53)
  end
  return string.format('%.0f', n)
end

redis.call('HSET', account, 'views', limit('views', ARGV[3], ARGV[5]), 'each', limit('each', ARGV[4], ARGV[6]))
if ARGV[7] == '1' then
  redis.call('HSET', account, 'expires', ARGV[8])
end
mark()
return reply('ok')
