-- announce tells every node of a change: its kind, and the ids it is about,
-- which the keys name. A user whom the server does not let publish can revoke
-- a link all the same, hence no error: it is Ready that complains of it.
local function announce(kind, session)
  local change = kind .. ' ' .. string.match(KEYS[1], '{(.*)}')
  if session then change = change .. ' ' .. string.match(session, 's:(.*)') end
  redis.pcall('PUBLISH', CHANGES, change)
end
