-- A session has a seat while it is live; shared/leave says where that is read.

-- sooner orders sessions by who has to leave first. One that was lost has
-- never been seen.
local function sooner(a, b)
  if a.idle ~= b.idle then return a.idle end
  if (a.idle or account.replace ~= 1) and a.seen ~= b.seen then return a.seen < b.seen end
  if a.created ~= b.created then return a.created < b.created end
  return before(a.id, b.id)
end

-- choose adds to those that leave already whoever else has to, for one more to
-- be below the limit; false: that many may not.
--
-- To look at everybody who sits takes a while, during which the server does
-- nothing else, and those who are turned away come again. So a hint is kept:
-- that of those who sit the short-th, from the one seen longest ago, was not
-- seen before short_seen. It stays true whoever comes, goes or is seen again.
local function choose(leaving, list, prefix, limit, idle, hint)
  local need = redis.call('ZCOUNT', list, '(' .. now + KEPT, '+inf') + 1 - limit - #leaving
  if limit == 0 or need <= 0 then return true end
  local refuses = account.replace ~= 1
  if need > MAX_REPLACED then return false end
  if refuses and need >= (hint.short or math.huge) and now - hint.short_seen < idle then return false end
  local already, staying = {}, {}
  for _, other in ipairs(leaving) do already[other.id] = true end
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', list, '(' .. now + KEPT, '+inf')) do
    if not already[id] then
      local s = session(prefix .. 's:' .. id)
      local seen = s and s.seen or 0
      table.insert(staying, {id = id, session = s, idle = now - seen >= idle, seen = seen, created = s and s.created or 0})
    end
  end
  table.sort(staying, sooner)
  if refuses and not staying[need].idle then
    hint.short, hint.short_seen = need, staying[need].seen
    return false
  end
  for i = 1, need do table.insert(leaving, staying[i]) end
  return true
end

-- seat makes room for one more session of the subject, or names the allowance
-- that has none. Where the list was lost, nobody knows who is seated: then all
-- seats are taken until the last that was listed is over.
local function seat(list, prefix, subject, idle)
  local leaving, own = {}, seats_of(prefix, subject)
  if not choose(leaving, own, prefix, account.seats_each, idle, {}) then
    return 'seats_each'
  end
  if account.seats ~= 0 and account.listed > now + KEPT and redis.call('EXISTS', list) == 0 then
    return 'seats'
  end
  local hint = #leaving == 0 and account or {}
  if not choose(leaving, list, prefix, account.seats, idle, hint) or #leaving > MAX_REPLACED then
    redis.call('HSET', KEYS[1], 'sums', pack(account, SUMS))
    return 'seats'
  end
  for _, other in ipairs(leaving) do
    if other.session then
      other.session.replaced = 1
    else
      redis.call('ZREM', own, other.id)
    end
    leave(list, prefix, other.id, other.session)
  end
  return 'ok'
end
