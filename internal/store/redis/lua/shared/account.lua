-- Every script on a link has its account as KEYS[1] and its reservations as
-- KEYS[2]: members are slots, scores are when each lapses. A slot is named
-- SUBJECT where it is held and SUBJECT:ASSET where it is reserved for a play.
local account, reservations = KEYS[1], KEYS[2]
local now, reading = clock(account)

-- outstanding counts the slots that have not lapsed.
local function outstanding()
  return redis.call('ZCOUNT', reservations, '(' .. now, '+inf')
end

-- standing says in one word what the link's owner made of it.
local function standing()
  local state = redis.call('HGET', account, 'state')
  if not state then return 'not_found' end
  if state == 'active' then return 'ok' end
  return state == 'revoked' and 'revoked' or 'suspended'
end

-- open_now says in one word whether the link lets anybody in now.
local function open_now()
  local word = standing()
  if word ~= 'ok' then return word end
  local window = redis.call('HMGET', account, 'starts', 'expires')
  if now < (tonumber(window[1]) or now) then return 'not_yet' end
  if now >= (tonumber(window[2]) or math.huge) then return 'expired' end
  return 'ok'
end

-- full names the allowance that has no slot left for the subject, which has
-- that many slots outstanding already. Beyond MAX_SUBJECTS a subject nobody
-- counted cannot be told from one that has used its own up, and is refused.
local function full(subject, reserved)
  local f = redis.call('HMGET', account, 'views', 'used', 'each', 'u:' .. subject)
  local views, each = tonumber(f[1]), tonumber(f[3])
  if views ~= 0 and f[2] + outstanding() >= views then return 'views' end
  if each == 0 then return 'ok' end
  if (f[4] or 0) + reserved >= each then return 'views_each' end
  if not f[4] and redis.call('HLEN', account) >= MAX_SUBJECTS then return 'views_each' end
  return 'ok'
end

-- reply answers with a word, the time, and the account as of now.
local function reply(word, ...)
  local fields = redis.call('HMGET', account, unpack(ACCOUNT))
  fields[1] = outstanding()
  return {word, now, reading, fields, ...}
end

-- sweep forgets lapsed slots.
local function sweep()
  redis.call('ZREMRANGEBYSCORE', reservations, '-inf', now)
end

-- mark notes the time and how many slots are outstanding, for readers that run
-- no script. A verb calls it after whatever it changed.
local function mark()
  sweep()
  redis.call('HSET', account, 'now', now, 'reserved', redis.call('ZCARD', reservations))
end
