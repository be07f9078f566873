package hostile

import "strings"

// cookieFamilies: which cookie counts, where several could.
var cookieFamilies = []family{
	{name: "H11", states: themselves, shots: cookies},
	{name: "H11 on", states: []string{base}, shots: strayTokens},
}

// strayTokens stand beside a good session in the path, in places that the gate
// does not read and another parser might: they do not go on to the upstream.
func strayTokens(bool) []shot {
	return headers(
		"Cookie: usher={other}", "Cookie: a=1; usher={other}; b=2", "Cookie: a=1, usher={session}", "Cookie: $usher={session}", "Cookie: \xa0usher={session}",
		"Cookie: a=1; \x85usher={session}", "Cookie: \u2003usher={session}", "Cookie: USHER={session}", "Cookie: __Host-usher={session}",
		"Cookie: __Secure-usher={session}", "Cookie: usher-device={device}", "Cookie: ushe%72={session}", `Cookie: a="; usher={session}"; b="`, "Cookie: ={session}",
		"Cookie: {session}", "Cookie: usher[]={session}", "Cookie: usher.session={session}", "Cookie: a={session}; b=2",
		"Authorization: Usher {session}", "Authorization: {session}", "Authorization: Token token={session}", "Authorization: Basic dTpw",
	)
}

func cookies(bool) []shot {
	var shots []shot
	add := func(refuse bool, name string, lines ...string) {
		shots = append(shots, shot{name: name, path: oneScope, header: lines, as: base, refuse: refuse})
	}
	many := strings.Repeat("a=1; ", 1000)
	add(true, "good, then bad", "Cookie: usher={session}; usher=bad")
	add(true, "bad, then good", "Cookie: usher=bad; usher={session}")
	add(true, "empty, then good", "Cookie: usher=; usher={session}")
	add(true, "good, then empty", "Cookie: usher={session}; usher=")
	add(true, "two lines", "Cookie: usher={session}", "Cookie: usher={other}")
	add(true, "two sessions", "Cookie: usher={session}; usher={other}")
	add(false, "the same twice", "Cookie: usher={session}; usher={session}")
	add(false, "quoted", `Cookie: usher="{session}"`)
	add(true, "half quoted", `Cookie: usher="{session}`)
	add(false, "of RFC 2109", `Cookie: $Version=1; usher={session}; $Path=/`)
	add(true, "its name of RFC 2109", `Cookie: $usher={session}`)
	add(false, "space before the equals sign", "Cookie: usher ={session}")
	add(true, "a wide space before the name", "Cookie: \u2003usher={session}")
	add(true, "a Latin-1 space before the name", "Cookie: \xa0usher={session}")
	add(true, "a Latin-1 line break before the name", "Cookie: a=1; \x85usher={session}")
	add(false, "a tab before the name", "Cookie: a=1;\tusher={session}")
	add(true, "the name for TLS", "Cookie: __Host-usher={session}")
	add(true, "in capitals", "Cookie: USHER={session}")
	add(true, "percent in the name", "Cookie: ushe%72={session}")
	add(true, "percent in the value", "Cookie: usher=%45{session}")
	add(true, "after a comma", "Cookie: a=1, usher={session}")
	add(true, "inside quotes", `Cookie: a="; usher={session}"; b="`)
	add(true, "NUL", "Cookie: usher={session}\x00")
	add(true, "5 KiB", "Cookie: usher="+strings.Repeat("x", 5<<10))
	add(false, "after 1 000 others", "Cookie: "+many+"usher={session}")
	add(true, "empty", "Cookie: usher=")
	add(true, "no value", "Cookie: usher")
	add(true, "no name", "Cookie: ={session}")
	add(true, "the code as a session", "Cookie: usher={code}")
	add(true, "the device as a session", "Cookie: usher={device}")
	return shots
}
