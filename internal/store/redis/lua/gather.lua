-- gather marks a session as one that watches a single asset, and makes its
-- subject's charged play that was seen last the one of that asset.
-- KEYS[1] account
-- KEYS[2] reservations
-- KEYS[3] session
-- ARGV[1] now, or empty
-- ARGV[2] latest reading of the clock
-- ARGV[3] what the link's keys begin with
-- shared: clock account plays sessions changes
local s = session(KEYS[3])
if not account or not s then return reply('not_found') end
if s.gathered then return reply('ok') end

-- The session says whose plays these are: their key depends on data and cannot
-- be in KEYS. It carries the link's hash tag like all the others, so it is in
-- the same slot of a cluster.
local plays = ARGV[3] .. 'p:' .. s.subject
local whole, last, of = false, nil, nil
local all = redis.call('HGETALL', plays)
for i = 1, #all, 2 do
  local asset, play = all[i], parse(all[i + 1])
  if play and asset == '' then whole = true end
  if play and play.state == 'c' and (not last or play.seen > last.seen
    or play.seen == last.seen and before(asset, of)) then
    last, of = play, asset
  end
end

s.gathered = 1
redis.call('HSET', KEYS[3], 'facts', facts(s))
if last and not whole then
  keep(plays, '', last)
  redis.call('HDEL', plays, of)
end
announce('session', KEYS[3])
return commit('ok')
