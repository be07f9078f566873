-- tell makes a new edition of the documents, because of a change of one, and
-- tells every node. A change makes one edition, however often it is told.
-- KEYS[1] edition
-- KEYS[2] changes by the editions that they made
-- ARGV[1] name of the change
-- ARGV[2] kind of the document
-- ARGV[3] id of the document
-- shared:
-- The sweep comes first because it needs no memory, as in put. With the edition
-- that the oldest of them made, it leaves one more than are to be known.
local oldest = redis.call('ZRANGE', KEYS[2], -EDITS_KEPT, -EDITS_KEPT, 'WITHSCORES')[2]
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', oldest and '(' .. oldest or '-inf')
local last = tonumber(redis.call('GET', KEYS[1]) or nil)
if not last then
  redis.call('DEL', KEYS[2]) -- of editions that were lost
end
local change = ARGV[1] .. ' ' .. ARGV[2] .. ' ' .. ARGV[3]
if redis.call('ZSCORE', KEYS[2], change) then return 'ok' end

-- Editions go by the time in microseconds. So one that was lost, with the whole
-- store or with the last moments of a server whose replica took over, is not made
-- again by another change, and whoever knows it is told that it is not known.
local time = redis.call('TIME')
local edition = string.format('%.0f', math.max((last or 0) + 1, time[1] * 1000000 + time[2]))
redis.call('SET', KEYS[1], edition)
redis.call('ZADD', KEYS[2], edition, change)
redis.pcall('PUBLISH', CHANGES, 'document ' .. edition .. ' ' .. ARGV[2] .. ' ' .. ARGV[3])
return 'ok'
