package api

import (
	"net/http"

	"github.com/usher-media/usher/internal/directory"
)

var personEndpoints = []endpoint{
	{
		method: "GET", path: "/persons", query: with(pageQuery, "role", "sponsor", "group", "email"), serve: (*call).listPersons, needs: needs(directory.SeePeople),
		name: "listPersons", says: "List persons", gives: PersonList{},
	},
	{
		method: "POST", path: "/persons", changes: true, serve: (*call).createPerson, needs: needs(directory.People, directory.Appoint, directory.ManageGroups),
		name: "createPerson", says: "Add a person", body: NewPerson{}, gives: Person{}, status: made, refuses: []kind{exists, inUse, over, notFound},
	},
	{
		method: "POST", path: "/persons/bulk", changes: true, serve: (*call).createPersons, needs: needs(directory.People, directory.Appoint, directory.ManageGroups),
		name: "createPersons", says: "Add many persons", body: NewPersons{}, gives: Outcomes{}, refuses: []kind{notFound},
	},
	{
		method: "GET", path: "/persons/{id}", serve: (*call).showPerson, needs: needs(directory.SeePeople),
		name: "showPerson", says: "Show a person, and what they have", gives: Profile{}, shown: true,
	},
	{
		method: "PATCH", path: "/persons/{id}", changes: true, serve: (*call).changePerson, needs: needs(directory.People, directory.Appoint),
		name: "changePerson", says: "Change a person", body: PersonChange{}, gives: Person{}, matched: true, refuses: []kind{lastOwner, inUse},
	},
	{
		method: "DELETE", path: "/persons/{id}", changes: true, query: []string{"heir", "cut"}, serve: (*call).deletePerson, needs: needs(directory.People, directory.Appoint),
		name: "deletePerson", says: "Delete a person, and pass on what is theirs", gives: Farewell{}, refuses: []kind{lastOwner, inUse},
	},
	{
		method: "POST", path: "/persons/{id}/suspend", changes: true, serve: (*call).suspendPerson, needs: needs(directory.People),
		name: "suspendPerson", says: "Suspend a person", body: StandingChange{}, bodyOptional: true, gives: Person{}, refuses: []kind{lastOwner, inUse},
	},
	{
		method: "POST", path: "/persons/{id}/resume", changes: true, serve: (*call).resumePerson, needs: needs(directory.People),
		name: "resumePerson", says: "Resume a suspended person", gives: Person{}, refuses: []kind{inUse},
	},
	{
		method: "POST", path: "/persons/{id}/grants", changes: true, serve: (*call).grantPerson, needs: needs(directory.Hand, directory.ChangeCollections),
		name: "grantPerson", says: "Grant a person something in several collections", body: PersonGrants{}, gives: GrantOutcomes{},
	},
	{
		method: "POST", path: "/persons/{id}/cut", changes: true, query: []string{"cursor"}, serve: (*call).cutPerson, needs: needs(directory.People),
		name: "cutPerson", says: "End every session and sign-in of a person", gives: Cut{},
	},
}

var groupEndpoints = []endpoint{
	{
		method: "GET", path: "/groups", query: with(pageQuery, "name"), serve: (*call).listGroups, needs: needs(directory.SeePeople),
		name: "listGroups", says: "List groups", gives: GroupList{},
	},
	{
		method: "POST", path: "/groups", changes: true, serve: (*call).createGroup, needs: needs(directory.ManageGroups),
		name: "createGroup", says: "Make a group", body: NewGroup{}, gives: Group{}, status: made, refuses: []kind{exists},
	},
	{
		method: "GET", path: "/groups/{id}", serve: (*call).showGroup, needs: needs(directory.SeePeople),
		name: "showGroup", says: "Show a group", gives: Group{}, shown: true,
	},
	{
		method: "PATCH", path: "/groups/{id}", changes: true, serve: (*call).changeGroup, needs: needs(directory.ManageGroups),
		name: "changeGroup", says: "Change a group", body: GroupChange{}, gives: Group{}, matched: true, refuses: []kind{exists, over},
	},
	{
		method: "DELETE", path: "/groups/{id}", changes: true, serve: (*call).deleteGroup, needs: needs(directory.ManageGroups),
		name: "deleteGroup", says: "Delete a group", gives: Group{},
	},
	{
		method: "POST", path: "/groups/{id}/members", changes: true, serve: (*call).changeMembers, needs: needs(directory.ManageGroups),
		name: "changeMembers", says: "Put persons into a group, or take them out", body: MemberChange{}, gives: Outcomes{}, refuses: []kind{over, inUse},
	},
	{
		method: "POST", path: "/groups/{id}/close", changes: true, query: pageQuery, serve: (*call).closeGroup, needs: needs(directory.ManageGroups),
		name: "closeGroup", says: "End a group, and report who watched", gives: GroupReport{},
	},
	{
		method: "GET", path: "/groups/{id}/report", query: pageQuery, serve: (*call).reportGroup, needs: needs(directory.SeePrivate),
		name: "reportGroup", says: "Report what a group's members watched", gives: GroupReport{},
	},
	{
		method: "POST", path: "/groups/{id}/cut", changes: true, query: pageQuery, serve: (*call).cutGroup, needs: needs(directory.ManageGroups),
		name: "cutGroup", says: "End every session of a group's members", gives: Cut{},
	},
}

var collectionEndpoints = []endpoint{
	{
		method: "GET", path: "/collections", query: with(pageQuery, "name"), serve: (*call).listCollections,
		name: "listCollections", says: "List the collections in which you have anything", gives: CollectionList{},
	},
	{
		method: "POST", path: "/collections", changes: true, serve: (*call).createCollection, needs: needs(directory.MakeCollections, directory.LayPaths),
		name: "createCollection", says: "Make a collection", body: NewCollection{}, gives: Collection{}, status: made, refuses: []kind{exists, cycle, inUse, notFound},
	},
	{
		method: "GET", path: "/collections/{id}", serve: (*call).showCollection, needs: needs(directory.ChangeCollections),
		name: "showCollection", says: "Show a collection", gives: Collection{}, shown: true,
	},
	{
		method: "PATCH", path: "/collections/{id}", changes: true, serve: (*call).changeCollection, needs: needs(directory.ChangeCollections),
		name: "changeCollection", says: "Change a collection", body: CollectionChange{}, gives: Collection{}, matched: true, refuses: []kind{exists, cycle, inUse},
	},
	{
		method: "DELETE", path: "/collections/{id}", changes: true, serve: (*call).deleteCollection, needs: needs(directory.ChangeCollections),
		name: "deleteCollection", says: "Delete a collection", gives: Collection{},
	},
	{
		method: "GET", path: "/collections/{id}/who", query: pageQuery, serve: (*call).listInsiders, needs: needs(directory.SeeWho),
		name: "listWho", says: "List who has access to a collection, and why", gives: InsiderList{},
	},
	{
		method: "POST", path: "/collections/{id}/cut", changes: true, query: []string{"cursor"}, serve: (*call).cutCollection, needs: needs(directory.ChangeCollections),
		name: "cutCollection", says: "End every session in a collection", gives: Cut{},
	},
}

var grantEndpoints = []endpoint{
	{
		method: "GET", path: "/grants", query: with(pageQuery, "collection", "person", "group"), serve: (*call).listGrants, needs: needs(directory.Hand, directory.SeePeople),
		name: "listGrants", says: "List grants of a collection, a person or a group", gives: GrantList{}, refuses: []kind{notFound},
	},
	{
		method: "PUT", path: "/grants", changes: true, serve: (*call).putGrant, needs: needs(directory.Hand),
		name: "putGrant", says: "Grant a person or a group something in a collection", body: NewGrant{}, gives: Grant{}, refuses: []kind{over, notFound},
	},
	{
		method: "GET", path: "/grants/{id}", serve: (*call).showGrant, needs: needs(directory.ChangeCollections),
		name: "showGrant", says: "Show a grant", gives: Grant{},
	},
	{
		method: "DELETE", path: "/grants/{id}", changes: true, serve: (*call).deleteGrant, needs: needs(directory.ChangeCollections),
		name: "deleteGrant", says: "Take a grant away", gives: Grant{},
	},
}

var inviteEndpoints = []endpoint{
	{
		method: "GET", path: "/invites", query: with(pageQuery, "collection", "group", "person"), serve: (*call).listInvites, needs: needs(directory.People),
		name: "listInvites", says: "List invitations, the newest first", gives: InviteList{}, refuses: []kind{notFound},
	},
	{
		method: "POST", path: "/invites", changes: true, serve: (*call).createInvites, needs: needs(directory.People, directory.ManageGroups),
		name: "createInvites", says: "Invite persons", body: NewInvites{}, gives: Invited{}, status: []int{http.StatusCreated, http.StatusOK}, refuses: []kind{noSignIn, noPublicURL, over, notFound},
	},
	{
		method: "GET", path: "/invites/{id}", serve: (*call).showInvite, needs: needs(directory.People),
		name: "showInvite", says: "Show an invitation", gives: Invite{},
	},
	{
		method: "POST", path: "/invites/{id}/resend", changes: true, serve: (*call).resendInvite, needs: needs(directory.People),
		name: "resendInvite", says: "Send an invitation again", gives: Invite{}, refuses: []kind{noSignIn, noPublicURL, over},
	},
	{
		method: "POST", path: "/invites/{id}/revoke", changes: true, serve: (*call).revokeInvite, needs: needs(directory.People),
		name: "revokeInvite", says: "Take an invitation back", gives: Invite{}, refuses: []kind{noSignIn, over},
	},
}
