-- open finds the device's live session, or makes the proposed one.
-- KEYS[1] account
-- KEYS[2] reservations
-- KEYS[3] session names of the link
-- KEYS[4] the same by the time until which they are listed
-- KEYS[5] devices of the link
-- KEYS[6] pointer of the device to the person's last session
-- KEYS[7] the same of the alias, of no meaning where there is none
-- KEYS[8] proposed session
-- ARGV[1] now, or empty
-- ARGV[2] latest reading of the clock
-- ARGV[3] what the link's keys begin with
-- ARGV[4] session
-- ARGV[5] device
-- ARGV[6] subject
-- ARGV[7] 1: there is an alias
-- ARGV[8] 1: hold a slot
-- ARGV[9] agent
-- ARGV[10] group
-- ARGV[11] life
-- ARGV[12] idle
-- ARGV[13] max
-- ARGV[14] lapse
-- ARGV[15] how long a seat is kept for one that is not seen
-- ARGV[16] person, or - for nobody
-- shared: clock account plays sessions list changes leave seats
local known = redis.call('EXISTS', KEYS[8])
local word = open_now()
if word ~= 'ok' then return reply(word, known) end
local life, idle = tonumber(ARGV[11]), tonumber(ARGV[12])

-- A pointer leads to a session, and a found session to its subject's plays:
-- those two keys depend on data and cannot be in KEYS. They carry the link's
-- hash tag like all the others, so they are in the same slot of a cluster.
local function find(pointer)
  local id = redis.call('GET', pointer)
  local found = id and session(ARGV[3] .. 's:' .. id)
  if found and found.live then return found, id end
end

local found, id = find(KEYS[6])
if not found and ARGV[7] == '1' then
  found, id = find(KEYS[7])
  if found and now - found.seen >= idle then found = nil end
end
local subject = found and found.subject or ARGV[6]

local hold, holds = ARGV[8] == '1', false
if hold or not found then
  local reserved, open = look(ARGV[3] .. 'p:' .. subject, nil, idle, tonumber(ARGV[13]))
  if not open and reserved == 0 and not outstands(subject) then
    word = full(subject, 0, 0)
    if word ~= 'ok' then return reply(word, known) end
    holds = hold
  end
end
if not found then
  word = seat(KEYS[4], ARGV[3], subject, tonumber(ARGV[15]))
  if word ~= 'ok' then return reply(word, known) end
end
if holds then redis.call('ZADD', reservations, now + ARGV[14], subject) end

if found then
  found.seen = now
  redis.call('HSET', ARGV[3] .. 's:' .. id, 'facts', facts(found))
else
  id = ARGV[4]
  redis.call('HSET', KEYS[8], 'agent', ARGV[9], 'group', ARGV[10], 'facts', facts({
    device = ARGV[5], subject = ARGV[6], person = ARGV[16], created = now, seen = now, expires = now + life, bytes = 0,
  }))
  broom(KEYS[8], life + KEPT + SLACK)
  enlist(KEYS[3], KEYS[4], id, now, life + KEPT)
  local own = seats_of(ARGV[3], ARGV[6])
  redis.call('ZREMRANGEBYSCORE', own, '-inf', now + KEPT)
  redis.call('ZADD', own, now + life + KEPT, id)
  broom(own, math.max(life, 0) + SLACK)
  account.listed = math.max(account.listed, now + life + KEPT)
  redis.call('SET', KEYS[6], id, 'PX', math.max(life, 0) + SLACK)
  if ARGV[7] == '1' then redis.call('SET', KEYS[7], id, 'PX', math.max(life, 0) + SLACK) end
  if redis.call('SCARD', KEYS[5]) < MAX_DEVICES and redis.call('SADD', KEYS[5], ARGV[5]) == 1 then
    account.devices = account.devices + 1
  end
  account.sessions = (account.sessions or 0) + 1
  if hold then account.redeems = account.redeems + 1 end
end
return commit('ok', known, id, found and 1 or 0,
  redis.call('HMGET', ARGV[3] .. 's:' .. id, 'agent', 'group', 'facts'))
