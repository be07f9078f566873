-- put writes a document in place of the revision that the caller has seen.
-- KEYS[1] document
-- ARGV[1] now, or empty
-- ARGV[2] latest reading of the clock
-- ARGV[3] revision seen, 0: none
-- ARGV[4] body
-- ARGV[5] until, or empty
-- ARGV[6] terms
-- ARGV[7] name of the change, or empty: it is not to be told
-- shared: clock document
local seen = ARGV[3]
if not document.live and tonumber(seen) > 0 then return answer('not_found') end
if (document.live and document.rev or '0') ~= seen then return answer('conflict') end

-- To remove the old one comes first because it needs no memory: Redis lets a
-- script that has begun to write go on, and so a person can be suspended on a
-- full server too. What a deleted one left goes as well, for it has an end.
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'rev', seen + 1, 'body', ARGV[4], 'until', ARGV[5], 'index', ARGV[6], 'untold', ARGV[7])
if ARGV[5] ~= '' then redis.call('PEXPIRE', KEYS[1], math.max(ARGV[5] - now, 0) + SLACK) end
return answer('ok', seen + 1)
