package gate

// present finds the one credential of a request. Explicit carriers must agree
// with each other (parameter pollution: the gate and another parser would pick
// different ones). A cookie is only looked at where nothing explicit is; a
// browser sends it along whether or not it fits, so there it yields, and so it
// does to a session in the path. A client that chose to send a query or header
// credential and a different cookie is refused like any other contradiction.
func present(req Request) (Credential, Reason) {
	var chosen, cookie Credential
	for _, c := range req.Presented {
		known := &chosen
		if c.Carrier == InCookie {
			known = &cookie
		}
		if known.Text != "" && known.Text != c.Text {
			return Credential{}, TwoTokens
		}
		if known.Text == "" {
			*known = c
		}
	}
	switch {
	case chosen.Text == "" && cookie.Text == "":
		return Credential{}, NoToken
	case chosen.Text == "":
		return cookie, OK
	case cookie.Text != "" && cookie.Text != chosen.Text && chosen.Carrier != InPath && !req.Browser:
		return Credential{}, TwoTokens
	}
	return chosen, OK
}
