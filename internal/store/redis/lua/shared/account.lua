-- Every script on a link has its account as KEYS[1] and its reservations as
-- KEYS[2]: members are slots, scores are when each lapses. A slot is named
-- SUBJECT where it is held and SUBJECT:ASSET where it is reserved for a play.
local reservations = KEYS[2]
local account -- nil where there is none
do
  local f = redis.call('HMGET', KEYS[1], 'state', 'why', 'by', 'sums')
  if f[1] then
    account = unpack_into({state = f[1], why = f[2], by = f[3]}, SUMS, f[4])
  end
end
local now, reading = clock(account and account.now or 0)

-- outstanding counts the slots that have not lapsed.
local function outstanding()
  return redis.call('ZCOUNT', reservations, '(' .. now, '+inf')
end

-- standing says in one word what the link's owner made of it.
local function standing()
  if not account then return 'not_found' end
  if account.state == 'active' then return 'ok' end
  return account.state == 'revoked' and 'revoked' or 'suspended'
end

-- open_now says in one word whether the link lets anybody in now.
local function open_now()
  local word = standing()
  if word ~= 'ok' then return word end
  if account.starts and now < account.starts then return 'not_yet' end
  if account.expires and now >= account.expires then return 'expired' end
  return 'ok'
end

-- full names the allowance that has no slot left for the subject, which has
-- that many reserved already; own slots are about to be replaced. Beyond MAX_SUBJECTS a subject nobody
-- counted cannot be told from one that has used its own up, and is refused.
local function full(subject, reserved, own)
  if account.views ~= 0 and account.used + outstanding() - own >= account.views then return 'views' end
  if account.each == 0 then return 'ok' end
  local used = redis.call('HGET', KEYS[1], 'u:' .. subject)
  if (used or 0) + reserved >= account.each then return 'views_each' end
  if not used and redis.call('HLEN', KEYS[1]) >= MAX_SUBJECTS then return 'views_each' end
  return 'ok'
end

-- tell answers with a word, the time, and the account.
local function tell(sums, word, ...)
  return {word, now, reading, {account.state, account.why, account.by, sums}, ...}
end

-- reply answers where nothing of the account was changed.
local function reply(word, ...)
  if not account then return {word, now, reading, {}, ...} end
  account.reserved = outstanding()
  return tell(pack(account, SUMS), word, ...)
end

-- sweep forgets lapsed slots.
local function sweep()
  redis.call('ZREMRANGEBYSCORE', reservations, '-inf', now)
end

-- commit writes the account down, with the time, the number of slots and when
-- the first of them lapses for readers that run no script, and answers. A verb changes the account's table
-- and calls it last; one that refuses has changed neither that nor a slot.
local function commit(word, ...)
  sweep()
  account.now, account.reserved = now, redis.call('ZCARD', reservations)
  account.lapses = tonumber(redis.call('ZRANGE', reservations, 0, 0, 'WITHSCORES')[2])
  local sums = pack(account, SUMS)
  redis.call('HSET', KEYS[1], 'sums', sums)
  return tell(sums, word, ...)
end
