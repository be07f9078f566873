package api

// Brand is how the pages of a collection look. Color is #rrggbb, Logo the name
// of one of the site's logos; what is left open is as the site says.
type Brand struct {
	Name  string `json:"name,omitempty"`
	Color string `json:"color,omitempty"`
	Logo  string `json:"logo,omitempty"`
}

// NewCollection is what a collection is made from.
type NewCollection struct {
	Name     string   `json:"name"`
	Title    string   `json:"title,omitzero"`
	Paths    []string `json:"paths,omitzero"`
	Level    string   `json:"level,omitzero"`
	Includes []string `json:"includes,omitzero"`
	External string   `json:"external,omitzero"`
	Embed    []string `json:"embed,omitzero"`
	Track    bool     `json:"track,omitzero"`
	Brand    Brand    `json:"brand,omitzero"`
}

// CollectionChange is what changes of a collection. Paths, Includes, Embed and
// Brand replace those there were; an empty Owner leaves it to managers and owners.
type CollectionChange struct {
	Name     *string   `json:"name,omitzero"`
	Title    *string   `json:"title,omitzero"`
	Paths    *[]string `json:"paths,omitzero"`
	Level    *string   `json:"level,omitzero"`
	Includes *[]string `json:"includes,omitzero"`
	External *string   `json:"external,omitzero"`
	Owner    *string   `json:"owner,omitzero"`
	Embed    *[]string `json:"embed,omitzero"`
	Track    *bool     `json:"track,omitzero"`
	Brand    *Brand    `json:"brand,omitzero"`
}
