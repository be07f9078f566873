package api

import "github.com/usher-media/usher/internal/directory"

var linkEndpoints = []endpoint{
	{
		method: "GET", path: "/links", query: with(pageQuery, linkFilters...), serve: (*call).listLinks, needs: needs(directory.ChangeCollections),
		name: "listLinks", says: "List links, the newest first", gives: LinkList{}, refuses: []kind{notFound},
	},
	{
		method: "POST", path: "/links", changes: true, serve: (*call).createLink, needs: needs(directory.Hand),
		name: "createLink", says: "Make a link", body: NewLink{}, gives: Link{}, status: made, refuses: []kind{tooWide, over, revoked, needsPage, busy, notFound},
	},
	{
		method: "GET", path: "/links/{id}", serve: (*call).showLink, needs: needs(directory.ChangeCollections),
		name: "showLink", says: "Show a link", gives: Link{},
	},
	{
		method: "PATCH", path: "/links/{id}", changes: true, serve: (*call).changeLink, needs: needs(directory.ChangeCollections),
		name: "changeLink", says: "Change a link, also while it is being watched", body: LinkChange{}, gives: Link{}, refuses: []kind{tooWide, over, revoked, signedExpiry, needsPage, noLimit, busy},
	},
	{
		method: "POST", path: "/links/{id}/suspend", changes: true, serve: (*call).suspendLink, needs: needs(directory.ChangeCollections),
		name: "suspendLink", says: "Suspend a link until it is resumed", body: StandingChange{}, bodyOptional: true, gives: Link{}, refuses: []kind{revoked},
	},
	{
		method: "POST", path: "/links/{id}/resume", changes: true, serve: (*call).resumeLink, needs: needs(directory.ChangeCollections),
		name: "resumeLink", says: "Resume a suspended link", body: StandingChange{}, bodyOptional: true, gives: Link{}, refuses: []kind{revoked},
	},
	{
		method: "POST", path: "/links/{id}/revoke", changes: true, serve: (*call).revokeLink, needs: needs(directory.ChangeCollections),
		name: "revokeLink", says: "Revoke a link for good", body: StandingChange{}, bodyOptional: true, gives: Link{}, refuses: []kind{revoked},
	},
	{
		method: "POST", path: "/links/{id}/cut", changes: true, serve: (*call).cutLink, needs: needs(directory.ChangeCollections),
		name: "cutLink", says: "End every session of a link and of those made from it", gives: LinkCut{},
	},
	{
		method: "POST", path: "/links/{id}/mint", changes: true, serve: (*call).mintLinks, needs: needs(directory.Hand),
		name: "mintLinks", says: "Make a link for each of several addresses", body: Mint{}, gives: Minted{}, refuses: []kind{tooWide, over, revoked, noPublicURL},
	},
	{
		method: "POST", path: "/links/{id}/mail", changes: true, serve: (*call).mailLink, needs: needs(directory.Hand),
		name: "mailLink", says: "Mail a link, or one made from it, to its persons", body: LinkMail{}, gives: Minted{}, refuses: []kind{tooWide, over, revoked, noPublicURL},
	},
}
