-- reserve takes the slot for a play, or finds that the play is open.
-- KEYS[1] account
-- KEYS[2] reservations
-- KEYS[3] session
-- KEYS[4] plays of the subject
-- ARGV[1] now, or empty
-- ARGV[2] latest reading of the clock
-- ARGV[3] subject
-- ARGV[4] asset
-- ARGV[5] session and opener
-- ARGV[6] idle
-- ARGV[7] max
-- ARGV[8] lapse
-- ARGV[9] what the asset is part of
-- shared: clock account plays sessions
local word = open_now()
if word ~= 'ok' then return reply(word) end
local s = session(KEYS[3])
if not s or not s.live then return reply(s and s.replaced == 1 and 'replaced' or 'no_session') end

local idle, max = tonumber(ARGV[6]), tonumber(ARGV[7])
local asset = gathers(KEYS[3], ARGV[9]) and ARGV[9] or ARGV[4]
local slot = ARGV[3] .. ':' .. asset
local play = parse(redis.call('HGET', KEYS[4], asset))
if running(play, idle, max) then return reply('free', asset) end

if play and play.state == 'r' and outstands(slot) then
  play.holders = play.holders + 1
else
  word = take(KEYS[4], ARGV[3], asset, idle, max)
  if word ~= 'ok' then return reply(word) end
  local lapses = now + ARGV[8]
  redis.call('ZADD', reservations, lapses, slot)
  play = {state = 'r', opened = now, seen = now, lapses = lapses, holders = 1, rest = ARGV[5]}
end
keep(KEYS[4], asset, play)
return commit('ok', asset)
