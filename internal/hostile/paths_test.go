package hostile

import (
	"fmt"
	"strings"
)

// The families of paths. What they all aim at is /acme/secret.mp4, beside the
// folder /acme/demo that the session opens.
var pathFamilies = []family{
	{name: "F1", states: everyone, shots: dotSegments},
	{name: "F2", states: everyone, shots: slashShapes},
	{name: "F3", states: everyone, shots: letterCase},
	{name: "F4", states: everyone, shots: trailers},
	{name: "F5", states: everyone, shots: pathParameters},
	{name: "F7", states: everyone, shots: encodedAgain},
	{name: "F8", states: everyone, shots: badPercents},
}

var (
	dots = []string{
		"..", "%2e%2e", "%2E%2E", "%2e.", ".%2e", "%2E.", ".%2E", "%252e%252e", "%c0%ae%c0%ae", "%e0%80%ae%e0%80%ae",
		"%u002e%u002e", "..%00", "..;", "..%20", "...", "....",
	}
	separators = []string{"/", "%2f", "%2F", "%252f", `\`, "%5c", "%5C", "%255c", "//", "/./", ";/", "%c0%af", "%E2%88%95"}
)

// dotSegments climbs out of the folder by every spelling of dots and of slashes.
func dotSegments(full bool) []shot {
	shallow := func(dot, slash string) string { return "/acme/demo/" + dot + slash + "secret.mp4" }
	deep := func(dot, slash string) string {
		return "/acme/demo/sub" + slash + dot + slash + dot + slash + "secret.mp4"
	}
	var list []string
	for _, dot := range dots {
		for _, slash := range separators {
			if full || slash == "/" {
				list = append(list, shallow(dot, slash))
			}
			if full || (dot == ".." && slash != "/") {
				list = append(list, deep(dot, slash))
			}
		}
	}
	if !full {
		list = append(list, deep("%2e%2e", "%2f"), deep("%2E%2E", "%5C"))
	}
	return paths(list...)
}

func slashShapes(bool) []shot {
	var list []string
	for _, n := range []int{2, 3, 8} {
		run := strings.Repeat("/", n)
		list = append(list, run+"acme/demo/film.mp4", "/acme"+run+"demo/film.mp4", "/acme/demo/film.mp4"+run)
	}
	list = append(list, "/./acme/demo/film.mp4", "/acme/./demo/film.mp4", "/acme/demo/./film.mp4",
		"//media.test/acme/demo/film.mp4", `/\media.test/acme/demo/film.mp4`)
	return paths(list...)
}

func letterCase(bool) []shot {
	return paths(
		"/ACME/DEMO/film.mp4", "/Acme/Demo/film.mp4", "/acme/demO/film.mp4",
		"/acme/demo/film.MP4", "/acme/demo/film.Mp4", "/acme/demo/film.mP4",
		"/acme/demo/film%20%5b1%5d%20%c3%bc.mp4", "/acme/demo/film%20%5B1%5D%20%c3%BC.mp4", "/acme/demo/film%20%5B1%5d%20%C3%BC.mp4",
	)
}

// trailers are what some servers cut from the end of a name.
func trailers(bool) []shot {
	var list []string
	for _, trailer := range []string{
		".", "..", "%20", "%09", "%00", ";", "/", "//", "/.", "~", ":", "::$DATA", "%0a", "%0d", "%23", "%3f", "*",
		".json", ".css", ";.css", "%2f", "%5c", "?", "#",
	} {
		list = append(list, "/acme/demo/film.mp4"+trailer)
	}
	return paths(list...)
}

func pathParameters(full bool) []shot {
	var shots []shot
	for _, p := range []string{";x", ";x=1", ";/", "/;", "/..;", "/.;", "%3b"} {
		shots = append(shots, paths("/acme"+p+"/demo/film.mp4", "/acme/demo"+p+"/film.mp4", "/acme/demo/film.mp4"+p)...)
	}
	if full {
		return shots
	}
	return every(3, shots[1:])
}

// encodedAgain is for servers that decode as long as there is something left.
func encodedAgain(bool) []shot {
	var shots []shot
	for name, path := range map[string]string{
		"2f": "/acme/demo/..%ssecret.mp4", "5c": "/acme/demo/..%ssecret.mp4", "2e": "/acme/demo/%[1]s%[1]s/secret.mp4",
		"25": "/acme/demo/%s2e%[1]s2e/secret.mp4", "00": "/acme/demo/film.mp4%s.txt",
	} {
		for _, times := range []string{"%25", "%2525"} {
			shots = append(shots, paths(fmt.Sprintf(path, times+name))...)
		}
	}
	return shots
}

func badPercents(bool) []shot {
	var list []string
	for _, bad := range []string{"%", "%2", "%zz", "%g0", "%-1", "%u002f", "%uff0f"} {
		list = append(list, "/acme/demo/.."+bad+"secret.mp4")
	}
	return paths(list...)
}
