-- A session is a hash: agent and group as text, and its facts, which are its
-- device, subject and person, - for nobody, and then all numbers. For each
-- folder that it gathered there is a field, g: and its name, that says as which
-- of all.

-- session reads a session; nil where it is not known, or not any more.
local function session(key)
  local device, subject, person, times =
    string.match(redis.call('HGET', key, 'facts') or '', '^(%S+) (%S+) (%S+) (.*)$')
  if not device then return nil end
  local s = unpack_into({device = device, subject = subject, person = person}, FACTS, times)
  if now - (s.ended or s.expires) >= KEPT then return nil end
  s.live = not s.ended and now < s.expires
  return s
end

-- gathers says whether the session gathered the folder.
local function gathers(key, whole) return redis.call('HEXISTS', key, 'g:' .. whole) == 1 end

-- facts writes it down again.
local function facts(s)
  return s.device .. ' ' .. s.subject .. ' ' .. s.person .. ' ' .. pack(s, FACTS)
end
