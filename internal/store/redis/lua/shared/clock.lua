-- clock returns now in ms, and the reading of the clock that it comes from:
-- what the caller says, or else the server's own time. Now is never less than
-- the latest reading of the caller's process (ARGV[2]) nor, where a mark is
-- kept under the key, than any node's on that link. A server whose clock is
-- set back, or a replica that takes over with a slower one, can therefore not
-- make an expired link valid again.
local function clock(key)
  local reading = tonumber(ARGV[1])
  if not reading then
    local time = redis.call('TIME')
    reading = time[1] * 1000 + math.floor(time[2] / 1000)
  end
  local mark = key and redis.call('HGET', key, 'now')
  return math.max(reading, tonumber(ARGV[2]), tonumber(mark or 0)), reading
end

-- broom sets when a key may be swept away, and only ever moves it later. What
-- a key says is judged by the clock; this is for keys nobody asks for again.
local function broom(key, ttl)
  if redis.call('PTTL', key) < ttl then
    redis.call('PEXPIRE', key, ttl)
  end
end
