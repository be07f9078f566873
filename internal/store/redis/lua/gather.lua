-- gather makes a folder one asset for a session, and its subject's charged play
-- of a part of it that was seen last the one of that asset.
-- KEYS[1] account
-- KEYS[2] reservations
-- KEYS[3] session
-- ARGV[1] now, or empty
-- ARGV[2] latest reading of the clock
-- ARGV[3] what the link's keys begin with
-- ARGV[4] folder
-- shared: clock account plays sessions changes
local s = session(KEYS[3])
if not account or not s then return reply('not_found') end
local whole = ARGV[4]
if gathers(KEYS[3], whole) then return reply('ok') end

-- The session says whose plays these are: their key depends on data and cannot
-- be in KEYS. It carries the link's hash tag like all the others, so it is in
-- the same slot of a cluster.
local plays = ARGV[3] .. 'p:' .. s.subject
local known, last, of = false, nil, nil
local all = redis.call('HGETALL', plays)
for i = 1, #all, 2 do
  local asset, play = all[i], parse(all[i + 1])
  if play and asset == whole then known = true end
  local part = play and play.state == 'c' and (string.match(asset, '^.*/') or '') == whole
  if part and (not last or play.seen > last.seen or play.seen == last.seen and before(asset, of)) then
    last, of = play, asset
  end
end

s.gathered = (s.gathered or 0) + 1
redis.call('HSET', KEYS[3], 'facts', facts(s), 'g:' .. whole, s.gathered)
if s.gathered > MAX_GATHERED then
  local first = tostring(s.gathered - MAX_GATHERED)
  local fields = redis.call('HGETALL', KEYS[3])
  for i = 1, #fields, 2 do
    if fields[i + 1] == first and string.sub(fields[i], 1, 2) == 'g:' then redis.call('HDEL', KEYS[3], fields[i]) end
  end
end
if last and not known then
  keep(plays, whole, last)
  redis.call('HDEL', plays, of)
end
announce('session', KEYS[3])
return commit('ok')
