package hostile

import (
	"fmt"
	"strings"
)

// The families of request targets: their form, their size, the edges of the scope.
var targetFamilies = []family{
	{name: "F11", states: everyone, shots: targetForms},
	{name: "F12", states: everyone, shots: sizes},
	{name: "F13", states: everyone, shots: scopeEdges},
	{name: "F13 own", states: themselves, shots: ownPaths},
}

func targetForms(bool) []shot {
	const film = "{prefix}" + oneScope + "{query}"
	var shots []shot
	for _, target := range []string{
		"http://media.test" + film, "https://media.test" + film, "ftp://media.test" + film, "ws://media.test" + film,
		"http://other.test" + film, "http://user:password@media.test" + film,
		"http://media.test:0" + film, "http://media.test:99999" + film, "http://media.test:x" + film,
		"HTTP://MEDIA.TEST" + film, "http://media.test", "media.test:80", "*", "{prefix}acme/demo/film.mp4{query}", "",
		"//", "#" + film, "{prefix}/acme/demo#/film.mp4{query}", film + "#fragment", "?usher={code}",
		"javascript:" + film, "/" + film, "acme/demo/film.mp4",
	} {
		shots = append(shots, shot{name: target, target: target, refuse: true})
	}
	return shots
}

func sizes(bool) []shot {
	var list []string
	for _, n := range []int{1 << 10, 4 << 10, 8 << 10, 16 << 10, 64 << 10, 1 << 20} {
		list = append(list, "/acme/demo/"+strings.Repeat("a/", (n-11)/2))
	}
	list = append(list, "/acme/demo"+strings.Repeat("/a", 10_000))
	for _, n := range []int{255, 256, 300} {
		list = append(list, "/acme/demo/"+strings.Repeat("a", n))
	}
	shots := paths(list...)
	for i := range shots {
		shots[i].name = fmt.Sprintf("%d bytes: %.40s…", len(shots[i].path), shots[i].path)
	}
	return shots
}

func scopeEdges(bool) []shot {
	var list []string
	for _, sibling := range []string{"1", "-x", "_x", ".x", "%00x", "%20x"} {
		list = append(list, "/acme/demo"+sibling+"/film.mp4")
	}
	return paths(append(list,
		"/acme/secret.mp4", "/acme/", "/acme", "/acme/demo", "/acme/demo/", "/acme/film.mp4", "/top.mp4", "/", "/index.html",
		"/acme/demo/film.mp4/x", "/acme/demo/film.mp4/x.css", "/acme/demo/film.mp4/x.m3u8", "/acme/demo/film.mp4/film.mp4",
		"/acme/demo/sub", "/acme/demo/sub/", "/acme/demo/sub/index.html",
		// URIs of a manifest: one level up, and from the root
		"/acme/demo/sub/../film.mp4", "/acme/demo/../master.m3u8", "/acme/master.m3u8",
		"/acme/demo/master.m3u8", "/acme/demo/seg1.ts", "/acme/demo/en.vtt", "/s", "/_usher", "/_usher/", "/s/", "/~", "/~/",
	)...)
}

// ownPaths are Usher's own where they must not be: behind a session (of the
// folder, and of the whole site), climbed out of, spelt otherwise. And two
// sessions are not one.
func ownPaths(bool) []shot {
	var shots []shot
	for _, target := range []string{
		"/~{root}/~{session}" + oneScope, "/~{root}/s/{code}", "/~{root}/s", "/~{root}/_usher/ready", "/~{root}/_usher", "/~{root}/",
		"/~{session}/s/{code}", "/~{session}/_usher/ready", "/~{session}/_usher/api/v1/links", "/~{session}/_usher", "/~{session}",
		"/~{session}/~{session}" + oneScope, "/~{session}/~{other}/acme/demo2/x.mp4", "/~/~{session}" + oneScope, "//~{session}" + oneScope,
		"/%7E{session}" + oneScope, "/%7e{session}" + oneScope, "/~%{session}" + oneScope, "/~{session}%2Facme/demo/film.mp4", "/~{session};x" + oneScope,
		"/s/../acme/secret.mp4", "/s/{code}/../../acme/secret.mp4", "/s/%2e%2e/acme/secret.mp4", "/s/{code}/x.mp4", "/s/{code}%2F..", "/S/{code}", "/%73/{code}",
		"/_usher/../acme/secret.mp4", "/_usher/assets/../../acme/secret.mp4", "/_usher/assets/..%2f..%2facme/secret.mp4", "/_usher/watch/../../acme/secret.mp4",
		"/_usher/api/v1/../../../acme/secret.mp4", "/_usher/api/v1/links", "/_usher/api/v1/links?usher={code}", "/_usher/api/v1/links/", "/_usher//api/v1/links",
		"/_Usher/ready", "/_usher/READY", "/_usher/ready/", "/_usher/ready/x.mp4", "/_usher/console", "/_usher/watch/lnk_00000000000000000000",
	} {
		shots = append(shots, shot{name: target, target: target, refuse: true})
	}
	return shots
}
