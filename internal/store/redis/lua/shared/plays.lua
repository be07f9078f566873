-- A subject's plays are one hash, a field for each asset. A play is
-- "STATE OPENED SEEN LAPSES HOLDERS SESSION OPENER", with r for reserved and c
-- for charged. A reservation counts only while its slot is outstanding too.

-- parse reads a play; nil where it is not known, or not any more.
local function parse(text)
  local state, opened, seen, lapses, holders, rest =
    string.match(text or '', '^([rc]) (%-?%d+) (%-?%d+) (%-?%d+) (%d+) (.*)$')
  if not state then return nil end
  local play = {
    state = state, opened = tonumber(opened), seen = tonumber(seen),
    lapses = tonumber(lapses), holders = tonumber(holders), rest = rest,
  }
  if state == 'r' and now >= play.lapses then return nil end
  if state == 'c' and now - play.seen >= KEPT then return nil end
  return play
end

-- keep writes a play down.
local function keep(plays, asset, play)
  redis.call('HSET', plays, asset, play.state .. ' ' .. pack(play, PLAY) .. ' ' .. play.rest)
  broom(plays, math.max(KEPT, play.lapses - now) + SLACK)
end

-- running says whether a charged play is open.
local function running(play, idle, max)
  return play and play.state == 'c' and now - play.seen < idle and now - play.opened < max
end

-- outstands says whether a slot is still taken.
local function outstands(slot)
  return tonumber(redis.call('ZSCORE', reservations, slot) or 0) > now
end

-- look goes through a subject's plays: how many are reserved, besides that of
-- the asset, and whether one is open. It forgets those that are no longer
-- known, so that they stay few.
local function look(plays, asset, idle, max)
  local reserved, open = 0, false
  local all = redis.call('HGETALL', plays)
  for i = 1, #all, 2 do
    local play = parse(all[i + 1])
    if not play then
      redis.call('HDEL', plays, all[i])
    elseif play.state == 'r' then
      reserved = reserved + (all[i] == asset and 0 or 1)
    elseif running(play, idle, max) then
      open = true
    end
  end
  return reserved, open
end

-- take finds a slot for a play that is not reserved: the subject's hold, or
-- what is left. It names the allowance that is spent where there is none. Half
-- a reservation, slot or play without the other, was left by a loss: it lets
-- nobody in, and does not stand in the way of its own subject either.
local function take(plays, subject, asset, idle, max)
  local reserved = look(plays, asset, idle, max)
  if redis.call('HLEN', plays) >= MAX_ASSETS and redis.call('HEXISTS', plays, asset) == 0 then
    return 'views_each'
  end
  if outstands(subject) then
    redis.call('ZREM', reservations, subject)
    return 'ok'
  end
  return full(subject, reserved, outstands(subject .. ':' .. asset) and 1 or 0)
end
