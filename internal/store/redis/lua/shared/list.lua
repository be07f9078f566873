-- A list is two sorted sets: names in the order of their letters, and the same
-- names by the time until which they are listed.

-- enlist adds a name for so long. It sweeps a hundred that are over, which is
-- more than it adds: the list shrinks in the end and no single call is long.
local function enlist(names, untils, name, now, time)
  redis.call('ZADD', untils, now + time, name)
  redis.call('ZADD', names, 0, name)
  local over = redis.call('ZRANGEBYSCORE', untils, '-inf', now, 'LIMIT', 0, 100)
  if #over > 0 then
    redis.call('ZREM', untils, unpack(over))
    redis.call('ZREM', names, unpack(over))
  end
  broom(names, time + SLACK)
  broom(untils, time + SLACK)
end
