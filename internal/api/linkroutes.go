package api

import "github.com/usher-media/usher/internal/directory"

var linkEndpoints = []endpoint{
	{"GET", "/links", false, with(pageQuery, linkFilters...), (*call).listLinks, nil, needs(directory.ChangeCollections)},
	{"POST", "/links", true, nil, (*call).createLink, NewLink{}, needs(directory.Hand)},
	{"GET", "/links/{id}", false, nil, (*call).showLink, nil, needs(directory.ChangeCollections)},
	{"PATCH", "/links/{id}", true, nil, (*call).changeLink, LinkChange{}, needs(directory.ChangeCollections)},
	{"POST", "/links/{id}/suspend", true, nil, (*call).suspendLink, StandingChange{}, needs(directory.ChangeCollections)},
	{"POST", "/links/{id}/resume", true, nil, (*call).resumeLink, StandingChange{}, needs(directory.ChangeCollections)},
	{"POST", "/links/{id}/revoke", true, nil, (*call).revokeLink, StandingChange{}, needs(directory.ChangeCollections)},
	{"POST", "/links/{id}/cut", true, nil, (*call).cutLink, nil, needs(directory.ChangeCollections)},
	{"POST", "/links/{id}/mint", true, nil, (*call).mintLinks, Mint{}, needs(directory.Hand)},
	{"POST", "/links/{id}/mail", true, nil, (*call).mailLink, LinkMail{}, needs(directory.Hand)},
}
