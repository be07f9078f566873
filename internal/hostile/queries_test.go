package hostile

import "strings"

// The families of queries: who of two credentials counts, and what only one
// parser sees.
var queryFamilies = []family{
	{name: "Q1", states: themselves, shots: twoCredentials},
	{name: "Q2", states: themselves, shots: separatorsAndNames},
	{name: "Q2 on", states: []string{base}, shots: nearNames},
	{name: "Q3", states: everyone, shots: tooMuch},
	{name: "Q4", states: everyone, shots: unparsable},
}

// carriers put a token in a place of a request.
var carriers = map[byte]func(s *shot, token string){
	'p': func(s *shot, token string) { s.prefix = "/~" + token },
	'q': func(s *shot, token string) { s.query = joined("&", s.query, "usher="+token) },
	'h': func(s *shot, token string) { s.header = append(s.header, "Authorization: Bearer "+token) },
	'c': func(s *shot, token string) { s.header = append(s.header, "Cookie: usher="+token) },
}

// twoCredentials: where two are presented, all readers must come to the same
// one, or none. A cookie yields to what is explicit: jars send it along whether
// or not it fits.
func twoCredentials(bool) []shot {
	var shots []shot
	for _, pair := range []string{"qq", "qc", "qh", "pq", "hh", "cc", "pc", "ph"} {
		for _, tokens := range [][2]string{
			{"{session}", "{session}"}, {"{session}", "{session}x"}, {"{session}x", "{session}"}, {"{session}", "{other}"},
			{"{other}", "{session}"}, {"{session}", "{expired}"}, {"{session}", ""}, {"", "{session}"},
		} {
			shots = append(shots, pairOf(pair, tokens))
		}
	}
	return shots
}

func pairOf(pair string, tokens [2]string) shot {
	s := shot{name: pair + " " + tokens[0] + " " + tokens[1], path: oneScope, as: base}
	for i, token := range tokens {
		if token == "" && pair[i] == 'p' {
			continue // a path that carries nothing is a plain path
		}
		carriers[pair[i]](&s, token)
	}
	nothing := tokens[0] == "" || tokens[1] == ""
	yields := pair[1] == 'c' && pair[0] != 'c' && tokens[0] == "{session}"
	s.refuse = tokens[0] != tokens[1] && !yields && (!nothing || pair == "cc")
	return s
}

// separatorsAndNames: no parser may find a credential that the gate has not seen.
func separatorsAndNames(bool) []shot {
	var shots []shot
	for _, query := range []string{
		"a=1;usher={code}", "a=1%26usher={code}", "a=1&amp;usher={code}", "usher[]={code}", "usher[0]={code}", "usher%5B%5D={code}",
		"usher%00={code}", "USHER={code}", "Usher={code}", "us%68er={code}", "%75sher={code}", "%20usher={code}", "+usher={code}", "usher%20={code}",
		"usher", "usher=", "usher=+{code}", "usher={code}+", "usher=%20{code}", "usher={code}%00", "usher={code}%0a", "usher=={code}",
		"urisigningpackage={code}", "URISigningPackage[]={code}", "usher.x={code}", "usher:{code}", "usher={code},{code}", "usher={code}|",
	} {
		shots = append(shots, shot{name: query, path: oneScope, query: query, refuse: true})
	}
	return shots
}

// nearNames stand beside a good session: what a careless parser takes for a
// credential does not go on to the upstream.
func nearNames(bool) []shot {
	var shots []shot
	for _, query := range []string{
		"usher[]={other}", "usher[0]={other}", "usher%5B%5D={other}", "USHER={other}", "us%68er={other}", "%20usher={other}", "+usher={other}",
		"usher%20={other}", "amp;usher={other}", "amp%3Busher={other}", "urisigningpackage={other}", "a=1;usher={other}", "usher%00={other}", "usher={other}",
	} {
		shots = append(shots, shot{name: query, path: oneScope, query: query, refuse: true})
	}
	return shots
}

func tooMuch(bool) []shot {
	return []shot{
		{name: "65 pairs", path: oneScope, query: strings.TrimSuffix(strings.Repeat("a=1&", 65), "&"), refuse: true},
		{name: "10 001 pairs", path: oneScope, query: strings.TrimSuffix(strings.Repeat("a=1&", 10_001), "&"), refuse: true},
		{name: "1 MiB", path: oneScope, query: "a=" + strings.Repeat("x", 1<<20), refuse: true},
		{name: "5 000 empty pairs", path: oneScope, query: strings.Repeat("&", 5000), refuse: true},
		{name: "a long value", path: oneScope, query: "a=" + strings.Repeat("x", 2047), refuse: true},
	}
}

func unparsable(bool) []shot {
	var shots []shot
	for _, query := range []string{"%zz=1", "a=%zz", "a=%", "a=\x00", "a=\x80", "a=%00", "a=%0d%0aX:1", "&a=1", "a=1&", "=1", "a=\"", "a=<b>", `a=\`} {
		shots = append(shots, shot{name: query, path: oneScope, query: query, refuse: true})
	}
	// what players send stays as it is
	return append(shots, shot{name: "CMCD", path: oneScope, query: "CMCD=bl%3D100%2Csid%3D%22x%22&_HLS_msn=4&x=%7Benv.HOME%7D"})
}
