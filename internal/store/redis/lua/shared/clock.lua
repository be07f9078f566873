-- clock returns now in ms, and the reading of the clock that it comes from:
-- what the caller says, or else the server's own time. Now is never less than
-- the latest reading of the caller's process (ARGV[2]) nor than the mark, any
-- node's on that link. A server whose clock is set back, or a replica that
-- takes over with a slower one, can therefore not make an expired link valid
-- again.
local function clock(mark)
  local reading = tonumber(ARGV[1])
  if not reading then
    local time = redis.call('TIME')
    reading = time[1] * 1000 + math.floor(time[2] / 1000)
  end
  return math.max(reading, tonumber(ARGV[2]), mark), reading
end

-- broom sets when a key may be swept away, and only ever moves it later. What
-- a key says is judged by the clock; this is for keys nobody asks for again.
local function broom(key, ttl)
  if redis.call('PTTL', key) < ttl then
    redis.call('PEXPIRE', key, ttl)
  end
end

-- before compares byte by byte. The language's own comparison goes by the
-- server's locale, and a replica may run under another.
local function before(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x < y end
  end
  return #a < #b
end

-- pack writes the numbers of a record as one text, which costs a reader as
-- much as one of them would; a missing one is '-'. Exact up to 2^53.
local function pack(record, names)
  local words = {}
  for i, name in ipairs(names) do
    words[i] = record[name] and string.format('%.0f', record[name]) or '-'
  end
  return table.concat(words, ' ')
end

-- unpack_into reads them back.
local function unpack_into(record, names, text)
  local i = 0
  for word in string.gmatch(text, '%S+') do
    i = i + 1
    record[names[i]] = tonumber(word)
  end
  return record
end
