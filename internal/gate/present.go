package gate

// present finds the one credential of a request. Explicit carriers must agree
// with each other (parameter pollution: the gate and another parser would pick
// different ones). A cookie is only looked at where nothing explicit is: jars
// send it along whether or not it fits, so that whoever opens a second link,
// or the same one again, would be refused for what was set before. It cannot be
// picked by anybody else either, since it never goes on to the upstream.
func present(req *Request) (Credential, Reason) {
	var chosen, cookie Credential
	for i := range req.Presented {
		c := &req.Presented[i]
		known := &chosen
		if c.Carrier == InCookie {
			known = &cookie
		}
		if known.Text != "" && known.Text != c.Text {
			return Credential{}, TwoTokens
		}
		if known.Text == "" {
			*known = *c
		}
	}
	switch {
	case chosen.Text == "" && cookie.Text == "":
		return Credential{}, NoToken
	case chosen.Text == "":
		return cookie, OK
	}
	return chosen, OK
}
