package hostile

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// The families of headers by which a client speaks for others.
var headerFamilies = []family{
	{name: "H1", states: everyone, shots: targetOverrides},
	{name: "H2", states: everyone, shots: addresses},
	{name: "H3", states: everyone, shots: hosts},
	{name: "H4", states: everyone, shots: hopByHop},
	{name: "H5", states: everyone, shots: twins},
	{name: "H5 own", states: themselves, shots: bearers},
	{name: "H6", states: everyone, shots: methodOverrides},
}

// targetOverrides name a protected file where the request names an authorised
// one, and the other way round.
func targetOverrides(full bool) []shot {
	var shots []shot
	for _, name := range append(slices.Clone(overrideHeaders), "Referer") {
		shots = append(shots, shot{name: name, path: oneScope, header: []string{name + ": /acme/secret.mp4"}})
		if full {
			shots = append(shots, shot{name: name, path: "/acme/secret.mp4", header: []string{name + ": " + oneScope}})
		}
	}
	return append(shots,
		shot{name: "Referer with a session", path: oneScope, header: []string{"Referer: http://media.test/~{session}" + oneScope}},
		shot{name: "Referer with a code", path: oneScope, header: []string{"Referer: http://media.test" + oneScope + "?usher={code}"}},
		shot{name: "Referer with a share link", path: oneScope, header: []string{"Referer: http://media.test/s/{code}"}},
		shot{name: "Referer with an encoded code", path: oneScope, header: []string{"Referer: http://m.test/?u=%2F%3Fusher%3D{code}"}},
		shot{name: "two Referers", path: oneScope, header: []string{"Referer: http://media.test/", "Referer: http://media.test/s/{code}"}},
	)
}

// addresses forge where the request comes from.
func addresses(full bool) []shot {
	names := []string{
		"X-Forwarded-For", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP", "X-Client-IP", "Client-IP", "X-Originating-IP",
		"X-Remote-IP", "X-Remote-Addr", "X-Cluster-Client-IP", "Fastly-Client-IP", "Forwarded", "X-ProxyUser-IP",
	}
	values := []string{
		"127.0.0.1", "::1", "::ffff:127.0.0.1", "192.0.2.1", "192.0.2.1, 127.0.0.1", strings.TrimSuffix(strings.Repeat("192.0.2.1, ", 200), ", "),
		"not an address", "192.0.2.1:8080", "fe80::1%eth0",
	}
	var shots []shot
	for i, name := range names {
		for j, value := range values {
			if !full && i > 0 && j > 0 {
				continue
			}
			if name == "Forwarded" {
				value = "for=" + value
			}
			shots = append(shots, shot{name: name + " " + bounded(value), path: oneScope, header: []string{name + ": " + value}})
		}
	}
	return shots
}

// oneGroup: a forged address makes nobody another client. The player comes
// back without a cookie and is known again by its client group.
func (l *lane) oneGroup(t *testing.T) {
	player := "User-Agent: " + unique("player") + "/1"
	first := ""
	for _, s := range append([]shot{{name: "plain", path: oneScope}}, addresses(true)...) {
		s.header = append(s.header, player)
		session := l.must(t, s.request(l.credentials["code"])).header.Get("Location")
		if first == "" {
			first = session
		}
		if session == "" || session != first {
			t.Errorf("%s makes a client of its own", s.name)
		}
	}
}

func bounded(text string) string { return text[:min(len(text), 40)] }

// hosts: no answer depends on a name that the client chose.
func hosts(bool) []shot {
	var shots []shot
	for _, host := range []string{
		"other.test", "MEDIA.TEST", "media.test.", "media.test:1", "", "user@media.test", "xn--nxasmq6b", "m\xc3\xa9dia.test",
		"192.0.2.1", "localhost", "media.test/acme/secret.mp4", "..", "media.test, other.test", "{host}",
	} {
		shots = append(shots, shot{name: "Host " + host, path: oneScope, hostless: true, header: []string{"Host: " + host}})
	}
	two := []string{"Host: media.test", "Host: other.test"}
	return append(shots,
		shot{name: "two hosts", path: oneScope, hostless: true, header: two, refuse: true},
		shot{name: "no host", path: oneScope, hostless: true, refuse: true},
		shot{name: "forwarded", path: oneScope, header: []string{"X-Forwarded-Host: other.test", "X-Forwarded-Proto: https", "X-Forwarded-Prefix: //other.test"}},
		shot{name: "forwarded twice", path: oneScope, header: []string{"Forwarded: host=other.test;proto=https", "X-Host: other.test"}},
	)
}

// hopByHop has a later hop take away what the gate sets.
func hopByHop(bool) []shot {
	var shots []shot
	for _, name := range []string{"X-Forwarded-For", "Cookie", "Authorization", "Usher-Link", "Range"} {
		shots = append(shots,
			shot{name: name, path: oneScope, header: []string{"Connection: " + name}, refuse: true},
			shot{name: strings.ToLower(name), path: oneScope, header: []string{"Connection: close, " + strings.ToLower(name)}, refuse: true},
		)
	}
	return append(shots,
		shot{name: "in a second line", path: oneScope, header: []string{"Connection: close", "Connection: usher-session"}, refuse: true},
		shot{name: "another word", path: oneScope, header: []string{"Proxy-Connection: Usher-Link"}},
		shot{name: "as it should be", path: oneScope, header: []string{"Connection: keep-alive, TE", "TE: trailers"}},
	)
}

// twins are headers that a server behind the gate may take for its own.
func twins(bool) []shot {
	var shots []shot
	for _, line := range []string{
		"Usher-Link: lnk_forged", "usher-link: lnk_forged", "USHER-SESSION: ses_forged", "Usher_Link: lnk_forged", "Usher.Link: lnk_forged",
		"Usher!Link: lnk_forged", "Usher~Session: ses_forged", "Usher-Person: root", "Usher-Capabilities: manage", "Usher--Link: x", "Usher-: x",
		"Usher-Link : lnk_forged", " Usher-Link: lnk_forged", "Usher-Link:", "Usher-Link: a\r\nUsher-Link: b", "X: a\r\n Usher-Link: lnk_forged",
		"X: a\rUsher-Link: lnk_forged", "X: a\nUsher-Link: lnk_forged", "X: a\x00Usher-Link: b", "Usher\xe2\x80\x83-Link: x", "Usher-Link\x0b: x",
		"X_Original_URL: /acme/secret.mp4", "X.Original.URL: /acme/secret.mp4", "X!Original!URL: /acme/secret.mp4", "X~Accel~Redirect: /acme/secret.mp4",
		"Authorization: Basic dTpw",
	} {
		shots = append(shots, shot{name: fmt.Sprintf("%q", line), path: oneScope, header: []string{line}})
	}
	return shots
}

// bearers are ways to write an Authorization header: what is read as ours does
// not go on, and what is not is none.
func bearers(bool) []shot {
	var shots []shot
	for line, good := range map[string]bool{
		"Authorization: Bearer {session}": true, "Authorization:\tBearer {session}": true, "Authorization: Bearer\t{session}": true,
		"Authorization: bearer   {session}": true, "AUTHORIZATION: BEARER {session}": true, "Authorization: Bearer {session} ": true,
		"Authorization: Bearer {session}, Basic dTpw": false, "Authorization: Bearer {session} {session}": false, "Authorization: Bearer": false,
		"Authorization: Bearer \"{session}\"": false, "Authorization: Bearer={session}": false, "Authorization: Bearer{session}": false,
		"Authorization: Usher {session}": false, "Authorization: {session}": false, "Proxy-Authorization: Bearer {session}": false,
		"Authorization: Bearer {session}\r\nAuthorization: Basic dTpw": true, "Authorization: Basic dTpw\r\nAuthorization: Bearer {session}": true,
	} {
		shots = append(shots, shot{name: fmt.Sprintf("%q", line), path: oneScope, header: []string{line}, as: base, refuse: !good})
	}
	return shots
}

func methodOverrides(bool) []shot {
	var shots []shot
	for _, method := range []string{"GET", "DELETE", "PUT"} {
		for _, name := range methodHeaders {
			shots = append(shots, shot{name: name + " " + method, path: oneScope, header: []string{name + ": " + method}})
		}
		shots = append(shots, shot{name: "_method " + method, path: oneScope, query: "_method=" + method})
	}
	return shots
}
