package api

var linkEndpoints = []endpoint{
	{"GET", "/links", false, with(pageQuery, linkFilters...), (*call).listLinks},
	{"POST", "/links", true, nil, (*call).createLink},
	{"GET", "/links/{id}", false, nil, (*call).showLink},
	{"PATCH", "/links/{id}", true, nil, (*call).changeLink},
	{"POST", "/links/{id}/suspend", true, nil, (*call).suspendLink},
	{"POST", "/links/{id}/resume", true, nil, (*call).resumeLink},
	{"POST", "/links/{id}/revoke", true, nil, (*call).revokeLink},
	{"POST", "/links/{id}/cut", true, nil, (*call).cutLink},
	{"POST", "/links/{id}/mint", true, nil, (*call).mintLinks},
	{"POST", "/links/{id}/mail", true, nil, (*call).mailLink},
}
