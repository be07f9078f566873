package mail

import "time"

// PasskeyAdded tells a person that there is a new way to show that it is them.
type PasskeyAdded struct {
	// URL is the page with their passkeys.
	URL  string
	When time.Time
}

// Message writes the notice. What the passkey is called stays out of it: whoever
// added it chose that.
func (p PasskeyAdded) Message(to string) (Message, error) {
	return letter{
		kind: KindNotice, to: to,
		subject: "A passkey was added",
		lead:    "A passkey was added to your account, at " + when(p.When) + ". With it and your password, somebody signs in as you.",
		action:  "Look at your passkeys",
		url:     p.URL,
		facts:   []string{"If it was not you, remove it there, choose another password, and tell whoever runs the site."},
	}.message()
}
