-- settle charges a reserved play, or gives its slot back.
-- KEYS[1] account
-- KEYS[2] reservations
-- KEYS[3] plays of the subject
-- ARGV[1] now, or empty
-- ARGV[2] latest reading of the clock
-- ARGV[3] subject
-- ARGV[4] asset
-- ARGV[5] session and opener
-- ARGV[6] idle
-- ARGV[7] max
-- ARGV[8] 1: charge
-- shared: clock account plays changes
local word = standing()
if word == 'not_found' then return reply(word) end

local plays, subject, asset = KEYS[3], ARGV[3], ARGV[4]
local slot = subject .. ':' .. asset
local play = parse(redis.call('HGET', plays, asset))
local reserved = play and play.state == 'r' and outstands(slot)

if ARGV[8] ~= '1' then
  if reserved and play.holders > 1 then
    play.holders = play.holders - 1
    keep(plays, asset, play)
  elseif reserved then
    redis.call('ZREM', reservations, slot)
    redis.call('HDEL', plays, asset)
  end
  return commit('ok', 0)
end

if word ~= 'ok' then return reply(word) end
local idle, max = tonumber(ARGV[6]), tonumber(ARGV[7])
if running(play, idle, max) then return reply('ok', 0) end

if not reserved then
  word = take(plays, subject, asset, idle, max)
  if word ~= 'ok' then return reply(word) end
end
redis.call('ZREM', reservations, slot)
account.used = account.used + 1
local ends = now + account.play_for
if account.play_for > 0 and account.used == 1 and (not account.expires or ends < account.expires) then
  account.expires = ends
  announce('link')
end
-- A link without views_each stops telling subjects apart at MAX_SUBJECTS; see full.
local counted = 'u:' .. subject
if account.each ~= 0 or redis.call('HLEN', KEYS[1]) < MAX_SUBJECTS
  or redis.call('HEXISTS', KEYS[1], counted) == 1 then
  redis.call('HINCRBY', KEYS[1], counted, 1)
end
keep(plays, asset, {state = 'c', opened = now, seen = now, lapses = 0, holders = 0, rest = ARGV[5]})
return commit('ok', 1)
