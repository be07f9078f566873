package api

import (
	"time"

	"github.com/usher-media/usher/internal/directory"
)

var meEndpoints = []endpoint{
	{
		method: "GET", path: "/me", serve: (*call).showMe,
		name: "showMe", says: "Show who you are, and what you may do", gives: Me{},
	},
	{
		method: "GET", path: "/roles", serve: (*call).listRoles,
		name: "listRoles", says: "Show the table of roles", gives: RoleTable{},
	},
	{
		method: "POST", path: "/cut", changes: true, query: []string{"cursor"}, serve: (*call).cutAll, needs: needs(directory.CutAll),
		name: "cutAll", says: "End every session there is", gives: Cut{},
	},
}

// Me is who asks, and what they may do.
type Me struct {
	// Operator says that it is nobody in the directory, who may do everything.
	Operator bool `json:"operator"`
	// Person is who it is; nil: an operator.
	Person *Profile `json:"person,omitempty"`
	// Permissions are those of the role table, each with how far it goes: "yes",
	// or "with" and the capability that it takes in the collection. What is not
	// there may not be done.
	Permissions map[string]string `json:"permissions"`
	// Scope and KeyExpiresAt are those of the API key, where one was presented.
	Scope        string    `json:"scope,omitempty"`
	KeyExpiresAt time.Time `json:"key_expires_at,omitzero"`
}

func (c *call) showMe() (answer, error) {
	role, err := c.Directory.Role(c.r.Context(), c.who)
	if err != nil {
		return answer{}, err
	}
	me := Me{
		Operator: c.who.IsOperator(), Permissions: map[string]string{},
		Scope: c.key.Scope, KeyExpiresAt: c.key.ExpiresAt,
	}
	for _, p := range directory.Permissions() {
		if reach := role.Reach(p); reach != directory.Nowhere {
			me.Permissions[p.String()] = reach.String()
		}
	}
	if me.Operator {
		return ok(me)
	}
	profile, err := c.profile(c.who.Person())
	me.Person = &profile
	return done(me, err)
}

// RoleTable is which role may do what, and the named sets of capabilities.
type RoleTable struct {
	// Roles are the roles, the most powerful first.
	Roles       []string            `json:"roles"`
	Permissions []PermissionRow     `json:"permissions"`
	Presets     map[string][]string `json:"presets"`
}

// PermissionRow is one row of the role table.
type PermissionRow struct {
	Permission string `json:"permission"`
	What       string `json:"what"`
	// Reach says for each role how far it goes: "no", "yes", or "with" and the
	// capability that it takes in the collection.
	Reach map[string]string `json:"reach"`
}

func (c *call) listRoles() (answer, error) {
	table := RoleTable{Presets: map[string][]string{}}
	for role := directory.Owner; ; role-- {
		table.Roles = append(table.Roles, role.String())
		if role == directory.Limited {
			break
		}
	}
	for _, p := range directory.Permissions() {
		row := PermissionRow{p.String(), p.Sentence(), map[string]string{}}
		for role := directory.Limited; role <= directory.Owner; role++ {
			row.Reach[role.String()] = "no"
			if reach := role.Reach(p); reach != directory.Nowhere {
				row.Reach[role.String()] = reach.String()
			}
		}
		table.Permissions = append(table.Permissions, row)
	}
	for name, can := range c.Directory.Presets() {
		table.Presets[name] = can.Names()
	}
	return ok(table)
}
