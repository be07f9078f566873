package api

import (
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/usher-media/usher/internal/attempts"
	"github.com/usher-media/usher/internal/directory"
	"github.com/usher-media/usher/internal/events"
	"github.com/usher-media/usher/internal/gate"
)

// idPattern is how ids with the prefix look: the time at which they were made,
// and chance, so that they sort by age.
func idPattern(prefix string) string { return "^" + prefix + "_[0-9a-v]{20}$" }

// pathIDs are what the ids in paths look like, by the path's first segment.
var pathIDs = map[string]string{
	"links": idPattern("lnk"), "sessions": idPattern("ses"), "devices": idPattern("dev"), "persons": idPattern("per"),
	"groups": idPattern("grp"), "collections": idPattern("col"), "grants": "^grt_[pg][0-9a-v]{40}$", "invites": idPattern("inv"),
	"keys": "^.+$", "apikeys": idPattern("apk"), "factors": idPattern("pky"), "limits": idPattern("lim"),
}

// texts are the types that are one text in JSON.
var texts = map[reflect.Type]huma.Schema{
	reflect.TypeFor[gate.LinkID]():       {Type: huma.TypeString, Pattern: idPattern("lnk")},
	reflect.TypeFor[gate.SessionID]():    {Type: huma.TypeString, Pattern: idPattern("ses")},
	reflect.TypeFor[gate.DeviceID]():     {Type: huma.TypeString, Pattern: idPattern("dev")},
	reflect.TypeFor[gate.PersonID]():     {Type: huma.TypeString, Pattern: idPattern("per")},
	reflect.TypeFor[gate.GroupID]():      {Type: huma.TypeString, Pattern: idPattern("grp")},
	reflect.TypeFor[gate.CollectionID](): {Type: huma.TypeString, Pattern: idPattern("col")},
	reflect.TypeFor[events.ID]():         {Type: huma.TypeString, Pattern: idPattern("evt")},
	reflect.TypeFor[events.Type]():       {Type: huma.TypeString, Enum: anys(events.Words())},
	reflect.TypeFor[attempts.ID]():       {Type: huma.TypeString, Pattern: idPattern("lim")},
	reflect.TypeFor[time.Time]():         {Type: huma.TypeString, Format: "date-time"},
	reflect.TypeFor[Addresses](): {AnyOf: []*huma.Schema{
		{Type: huma.TypeString}, {Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString}},
	}},
}

// durationPattern is how durations are written: 90s, 48h, 7d, 1d12h.
const durationPattern = `^([0-9.]+d)?\+?([0-9.]+(ns|us|µs|μs|ms|s|m|h))*$`

// shapes are those of texts that have one without having a type of their own,
// in whichever body or answer the field stands, or only in that of the name
// before it.
var shapes = map[string]huma.Schema{
	"expires_in": {Pattern: durationPattern},
	"play_for":   {Pattern: durationPattern},
	"device":     {Pattern: idPattern("dev")},

	"Link.id": {Pattern: idPattern("lnk")}, "Link.parent": {Pattern: idPattern("lnk")}, "Link.collection": {Pattern: idPattern("col")},
	"Link.standing": words(gate.Active, gate.Suspended, gate.Revoked, lost.Standing.State),
	"LinkCut.link":  {Pattern: idPattern("lnk")}, "Explanation.link": {Pattern: idPattern("lnk")}, "Explanation.session": {Pattern: idPattern("ses")},
	"Collection.id": {Pattern: idPattern("col")}, "Collection.owner": {Pattern: idPattern("per")}, "Include.collection": {Pattern: idPattern("col")},
	"Person.id": {Pattern: idPattern("per")}, "Person.sponsor": {Pattern: idPattern("per")}, "Person.standing": words(gate.Active, gate.Suspended),
	"Group.id": {Pattern: idPattern("grp")}, "Grant.collection": {Pattern: idPattern("col")}, "Grant.person": {Pattern: idPattern("per")},
	"Grant.group": {Pattern: idPattern("grp")}, "Grant.id": {Pattern: pathIDs["grants"]},
	"Invite.id": {Pattern: pathIDs["invites"]}, "Invite.person": {Pattern: idPattern("per")}, "Invite.status": words("pending", "accepted", "revoked"),
	"APIKey.id": {Pattern: idPattern("apk")}, "APIKey.person": {Pattern: idPattern("per")}, "APIKey.scope": words(scopeRead, scopeManage),
	"NewAPIKey.scope": words(scopeRead, scopeManage), "Me.scope": words(scopeRead, scopeManage),
	"Insider.person": {Pattern: idPattern("per")}, "MemberReport.person": {Pattern: idPattern("per")}, "Farewell.person": {Pattern: idPattern("per")},
	"Session.state": words("live", "ended", "expired"), "Delivery.mail": words(MailSent, MailByHand, MailFailed), "Invite.mail": words(MailSent, MailByHand, MailFailed, MailUnsent), "Reason.via": words("role", "owner", "grant"),
	"Forwarding.link": {Pattern: idPattern("lnk")}, "Forwarding.level": words("quiet", "watch", "likely", "restream"),
	"Factor.id": {Pattern: pathIDs["factors"]}, "Factor.person": {Pattern: idPattern("per")}, "FactorsReset.person": {Pattern: idPattern("per")},
	"Limit.link": {Pattern: idPattern("lnk")}, "Limit.person": {Pattern: idPattern("per")}, "Limit.what": words("link_password", "sign_in", "mailed_code", "passkey"),
	"Limit.whom": words(whomWords[:]...), "UsageItem.link": {Pattern: idPattern("lnk")}, "UsageItem.through": words(ThroughLink, ThroughAccess, ThroughVisit),
	"CollectionUsage.collection": {Pattern: idPattern("col")}, "Link.landing": words(gate.LandingWords()...), "Factor.kind": words("passkey"),
	"GrantOutcome.result": words(directory.Added, directory.Refused),
	"Outcome.result":      words(directory.Added, directory.Removed, directory.Already, directory.Refused),
}

func words(all ...string) huma.Schema { return huma.Schema{Enum: anys(all)} }

// refine makes the schemas say what the types do not: which texts are ids or
// times, what null is good for, and what each field is about.
func (d *drawing) refine() {
	taken := bodies()
	for _, name := range d.sortedNames() {
		schema := d.schemas.Map()[name]
		t := d.schemas.TypeFromRef("#/components/schemas/" + name)
		for f := range fields(t) {
			property := schema.Properties[nameOf(f)]
			*property = refined(*property, t, f)
			if taken[name] != nil && timely(f) {
				property.AnyOf, property.Type = whenever(), ""
			}
		}
		if taken[name] == nil { // an answer may have more one day
			schema.AdditionalProperties = nil
		}
	}
	problem := d.schemas.Map()["Problem"]
	for _, k := range kinds {
		problem.Properties["type"].Enum = append(problem.Properties["type"].Enum, k.uri())
	}
}

// timely reports whether the field of a body is a time as people write it.
func timely(f reflect.StructField) bool {
	return inside(f.Type).Kind() == reflect.String && (nameOf(f) == "until" || strings.HasSuffix(nameOf(f), "_at"))
}

// whenever is a time as people write it.
func whenever() []*huma.Schema {
	return []*huma.Schema{
		{Type: huma.TypeString, Format: "date-time"},
		{Type: huma.TypeString, Pattern: durationPattern},
		{Type: huma.TypeString, Enum: []any{never}},
	}
}

// refined is the schema of one field.
func refined(property huma.Schema, t reflect.Type, f reflect.StructField) huma.Schema {
	property = exact(property, f.Type)
	for _, name := range append(qualified(t, f), nameOf(f)) {
		if shape, has := shapes[name]; has {
			property.Pattern, property.Enum = shape.Pattern, shape.Enum
			break
		}
	}
	property.Description = meaning(t, f)
	// What may be left out is never null; what may not is, where it is a pointer.
	_, options, _ := strings.Cut(f.Tag.Get("json"), ",")
	property.Nullable = f.Type.Kind() == reflect.Pointer && !strings.Contains(options, "omit")
	return property
}

// qualified are the names under which a field of a type may be told of.
func qualified(t reflect.Type, f reflect.StructField) []string {
	names := declarers(t, f)
	for i := range names {
		names[i] += "." + nameOf(f)
	}
	return names
}

// exact is the schema of what JSON has for the type. Lists are never null: an
// empty one is written as such.
func exact(schema huma.Schema, t reflect.Type) huma.Schema {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if text, is := texts[t]; is {
		return text
	}
	schema.Nullable = false
	if schema.Type == huma.TypeArray && schema.Items != nil {
		items := exact(*schema.Items, t.Elem())
		schema.Items = &items
	}
	return schema
}
