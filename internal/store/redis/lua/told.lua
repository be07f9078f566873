-- told notes that a change of a document was told, unless there is a later one.
-- KEYS[1] document
-- ARGV[1] name of the change
-- shared:
if redis.call('HGET', KEYS[1], 'untold') == ARGV[1] then redis.call('HDEL', KEYS[1], 'untold') end
return 'ok'
