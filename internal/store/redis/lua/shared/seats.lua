-- A session has a seat while it is live. Which those are is read off the list
-- of sessions by the time until which they are listed, KEPT after they end, and
-- for a subject off a list of its own, which is like it.

local function seats_of(prefix, subject)
  return prefix .. 'w:' .. subject
end

-- leave ends a session now. The session may be nil, where it was lost while its
-- name was not.
local function leave(list, prefix, id, s)
  redis.call('ZADD', list, 'XX', now + KEPT, id)
  if not s then return end
  s.ended = now
  redis.call('HSET', prefix .. 's:' .. id, 'facts', facts(s))
  announce('session', prefix .. 's:' .. id)
  redis.call('ZADD', seats_of(prefix, s.subject), 'XX', now + KEPT, id)
end

-- sooner orders sessions by who has to leave first. One that was lost has
-- never been seen.
local function sooner(a, b)
  if a.idle ~= b.idle then return a.idle end
  if a.idle and a.seen ~= b.seen then return a.seen < b.seen end
  if a.created ~= b.created then return a.created < b.created end
  return before(a.id, b.id)
end

-- choose adds to those that leave already whoever else has to, for one more to
-- be below the limit; false: that many may not.
local function choose(leaving, list, prefix, limit, idle)
  local need = redis.call('ZCOUNT', list, '(' .. now + KEPT, '+inf') + 1 - limit - #leaving
  if limit == 0 or need <= 0 then return true end
  if need > MAX_REPLACED then return false end
  local already, candidates = {}, {}
  for _, other in ipairs(leaving) do already[other.id] = true end
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', list, '(' .. now + KEPT, '+inf')) do
    local s = not already[id] and session(prefix .. 's:' .. id)
    local seen = s and s.seen or 0
    if not already[id] and (account.replace == 1 or now - seen >= idle) then
      table.insert(candidates, {
        id = id, session = s, idle = now - seen >= idle, seen = seen, created = s and s.created or 0,
      })
    end
  end
  if need > #candidates then return false end
  table.sort(candidates, sooner)
  for i = 1, need do table.insert(leaving, candidates[i]) end
  return true
end

-- seat makes room for one more session of the subject, or names the allowance
-- that has none. Where the list was lost, nobody knows who is seated: then all
-- seats are taken until the last that was listed is over.
local function seat(list, prefix, subject, idle)
  local leaving, own = {}, seats_of(prefix, subject)
  if not choose(leaving, own, prefix, account.seats_each, idle) then
    return 'seats_each'
  end
  if account.seats ~= 0 and account.listed > now + KEPT and redis.call('EXISTS', list) == 0 then
    return 'seats'
  end
  if not choose(leaving, list, prefix, account.seats, idle) or #leaving > MAX_REPLACED then
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
