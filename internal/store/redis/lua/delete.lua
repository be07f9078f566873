-- delete removes a document. Of one whose end is to be told it leaves that this
-- was not done yet.
-- KEYS[1] document
-- ARGV[1] now, or empty
-- ARGV[2] latest reading of the clock
-- ARGV[3] name of the change, or empty: it is not to be told
-- shared: clock document
if not document.live then return answer('not_found') end
redis.call('DEL', KEYS[1])
if ARGV[3] ~= '' then
  redis.call('HSET', KEYS[1], 'untold', ARGV[3])
  redis.call('PEXPIRE', KEYS[1], KEPT)
end
return answer('ok', 0)
