package signin

// Provider is an OpenID Connect provider, where persons have accounts already.
type Provider struct {
	Issuer, ClientID, ClientSecret string
	// Domains are those whose addresses the provider may vouch for.
	Domains []string
}
