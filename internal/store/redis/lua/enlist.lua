-- enlist puts a session into a list over all links. It runs before the
-- session is made: a crash in between leaves a name without a session, which
-- listing skips and the sweep removes, and never a session without a name.
-- KEYS[1] session names of all links, or of a person on all links
-- KEYS[2] the same by the time until which they are listed
-- ARGV[1] now, or empty
-- ARGV[2] latest reading of the clock
-- ARGV[3] name
-- ARGV[4] life
-- shared: clock list
local now = clock(0)
enlist(KEYS[1], KEYS[2], ARGV[3], now, ARGV[4] + KEPT)
return 'ok'
