-- A document is a hash: rev, body, until, its terms as index, and as untold the
-- name of a change that the nodes were not told of yet, which also stays when the
-- document is deleted. One that has ended is there for a while and does not exist.
local now, reading = clock(0)
local document = {}
do
  local f = redis.call('HMGET', KEYS[1], 'rev', 'until', 'index', 'untold')
  local ends = tonumber(f[2] or nil)
  document = {rev = f[1], index = f[3] or '', untold = f[4] or ''}
  document.live = f[1] and not (ends and now >= ends)
end

-- answer tells a word, the time, what the document was, and its new revision.
local function answer(word, rev)
  return {word, reading, document.untold, document.index, rev or 0}
end
