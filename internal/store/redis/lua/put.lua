-- put writes a document in place of the revision that the caller has seen.
-- KEYS[1] document
-- ARGV[1] revision seen, 0: none
-- ARGV[2] body
-- shared:
local rev = redis.call('HGET', KEYS[1], 'rev')
if not rev and tonumber(ARGV[1]) > 0 then return 'not_found' end
if (rev or '0') ~= ARGV[1] then return 'conflict' end
redis.call('HSET', KEYS[1], 'body', ARGV[2])
return redis.call('HINCRBY', KEYS[1], 'rev', 1)
