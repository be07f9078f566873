package api

import (
	"fmt"

	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/events"
	"github.com/usher-media/usher/internal/gate"
)

// tags say what the endpoints below each first segment are about.
var tags = []struct{ name, says string }{
	{"links", "Share links: what they open, for how long, and for how many views."},
	{"sessions", "What was opened by links, and what is being watched now."},
	{"devices", "Devices that watch."},
	{"persons", "Persons, their roles, and what they have."},
	{"groups", "Groups of persons, which are granted to as one."},
	{"collections", "Sets of paths: how open they are, and who has access."},
	{"events", "What happened: who changed what, and what viewers met."},
	{"usage", "What links and collections were used for."},
	{"factors", "Second factors: passkeys of persons."},
	{"limits", "Who waits after wrong tries at passwords and codes."},
	{"grants", "What persons and groups may do in collections."},
	{"invites", "Invitations, and what became of them."},
	{"me", "Who asks, and what they may do."},
	{"roles", "The table of roles and permissions."},
	{"cut", "The switch that ends everything that is being watched."},
	{"keys", "The keyring: keys that sign links and seal sessions."},
	{"apikeys", "Keys for this API."},
	{"explain", "What the gate would say, and why."},
	{"health", "Whether the server can answer."},
}

// parameter is what a query's parameter is, in whichever endpoint it stands.
type parameter struct {
	says string
	// is an empty value of its type; a text where nothing is said.
	is any
	// pattern and values bound a text; most bounds a whole number, from 1 on.
	pattern string
	values  []string
	most    int
}

// parameters are those of all endpoints.
var parameters = map[string]parameter{
	"limit":      {says: fmt.Sprintf("how many things the page has at the most; %d where nothing is said", directory.UsualPage), is: 0, most: directory.MaxPage},
	"cursor":     {says: "where to go on: the next of the answer before. It is opaque, and good for the same request only"},
	"link":       {says: "the link, by id", is: gate.LinkID{}},
	"person":     {says: "the person, by address or id"},
	"session":    {says: "the session, by id", is: gate.SessionID{}},
	"type":       {says: "events of this type", values: events.Words()},
	"since":      {says: "how old they may be: a time as RFC 3339 writes it, or how long ago, such as 90m, 24h or 7d"},
	"visitors":   {says: "a public collection, by name or id, for what its visitors opened without a link"},
	"collection": {says: "the collection, by name or id"},
	"by":         {says: "who made them, by address or id"},
	"for":        {says: "whom they are for, by address or id"},
	"parent":     {says: "the link that they are made from, by id", is: gate.LinkID{}},
	"name":       {says: "the one with this name"},
	"group":      {says: "the group, by name or id"},
	"role":       {says: "those with this role", values: []string{"owner", "manager", "standard", "limited"}},
	"sponsor":    {says: "guests whom this person answers for, by address or id"},
	"email":      {says: "the one with this address"},
	"heir":       {says: "who gets what is theirs, by address or id"},
	"cut":        {says: "whether the links and grants that the person gave end too", values: []string{"true", "false"}},
}
