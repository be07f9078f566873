-- seated counts the live sessions of a link. It changes nothing, and is a
-- script so that nobody leaves between the reading of the clock and the count.
-- KEYS[1] account
-- KEYS[2] reservations
-- KEYS[3] session names of the link by the time until which they are listed
-- ARGV[1] now, or empty
-- ARGV[2] latest reading of the clock
-- shared: clock account
if not account then return reply('not_found') end
return reply('ok', redis.call('ZCOUNT', KEYS[3], '(' .. now + KEPT, '+inf'))
