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
