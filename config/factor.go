package config

import "errors"

// SecondFactor is the JSON of the second_factor setting.
type SecondFactor struct {
	// For says who is asked for a passkey: "offered", "owners", "everyone" or "off".
	For string `json:"for,omitempty"`
	// Verify says whether the authenticator has to make sure that it is the person:
	// "required", or "preferred", which is where it can.
	Verify string `json:"verify,omitempty"`
}

var factorRows = []Directive[App]{{
	Name: "second_factor", Field: "second_factor", Args: "offered | owners | everyone | off [verify required | preferred]",
	Doc:     "Who is asked for a passkey after the password, the mailed code, the activation link or the provider. offered: whoever has added one. owners, everyone: they too, and who has none makes one at the next sign-in. off: nobody. verify says whether the authenticator has to ask for a PIN or a finger, or does where it can. Passkeys need a public_url of https and a host name, and are for that host name: with another one they are of no use.",
	Default: "offered verify preferred",
	Set:     setSecondFactor,
}}

func setSecondFactor(a *App, args []string) error {
	if len(args) != 1 && (len(args) != 3 || args[1] != "verify") {
		return errors.New("want offered, owners, everyone or off, and perhaps the words verify required")
	}
	a.SecondFactor = SecondFactor{For: args[0], Verify: "preferred"}
	if len(args) == 3 {
		a.SecondFactor.Verify = args[2]
	}
	return a.SecondFactor.validate()
}

func (f SecondFactor) withDefaults() SecondFactor {
	return SecondFactor{For: or(f.For, "offered"), Verify: or(f.Verify, "preferred")}
}

func (f SecondFactor) validate() error {
	return errors.Join(oneOf("second_factor", f.For, "offered", "owners", "everyone", "off"),
		oneOf("second_factor: verify", f.Verify, "required", "preferred"))
}
