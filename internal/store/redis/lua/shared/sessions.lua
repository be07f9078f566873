-- session reads a session; nil where it is not known, or not any more.
local function session(key)
  local f = redis.call('HMGET', key, 'expires', 'ended', 'seen', 'gathered', 'subject')
  if not f[1] then return nil end
  local expires, ended = tonumber(f[1]), tonumber(f[2] or '')
  if now - (ended or expires) >= KEPT then return nil end
  return {
    live = not ended and now < expires,
    seen = tonumber(f[3]), gathered = f[4] == '1', subject = f[5],
  }
end
