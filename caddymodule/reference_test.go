package caddymodule

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/usher-media/usher/config"
	"github.com/usher-media/usher/internal/api"
	"github.com/usher-media/usher/internal/gate"
)

var update = flag.Bool("update", false, "write the reference docs instead of comparing them")

// TestReference holds docs/reference to the tables it is printed from.
func TestReference(t *testing.T) {
	for name, text := range map[string]string{
		"caddyfile.md": caddyfileReference(),
		"reasons.md":   reasonsReference(),
		"metrics.md":   metricsReference(t),
		"api.md":       apiReference(),
		"cli.md":       cliReference(),
		"roles.md":     rolesReference(),
		"events.md":    eventsReference(),
		"links.md":     linksReference(),
		"problems.md":  problemsReference(),
		"openapi.json": string(api.OpenAPI()),
	} {
		path := filepath.Join("..", "docs", "reference", name)
		if *update {
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != text {
			t.Errorf("%s is not what the code says (%v): run make generate", path, err)
		}
	}
}

const generated = "<!-- Printed from the code by `make generate`; edit the tables there. -->\n\n"

func caddyfileReference() string {
	var b strings.Builder
	b.WriteString("# Caddyfile\n\n" + generated)
	b.WriteString("Every option also exists in JSON under the name in the last column. Unknown options, repeated ones and bad values stop the server from starting, with file and line.\n\n")
	b.WriteString("## Global block\n\n```caddyfile\n{\n\tusher {\n\t\tOPTION …\n\t}\n}\n```\n\n")
	rows(&b, config.AppGrammar)
	b.WriteString("\n## Site directive\n\nOrdered before `rewrite`: scopes speak of the URL that viewers see.\n\n```caddyfile\nmedia.example.com {\n\tusher {\n\t\tOPTION …\n\t}\n}\n```\n\n")
	rows(&b, config.SiteGrammar)
	return b.String()
}

func rows[T any](b *strings.Builder, grammar []config.Directive[T]) {
	b.WriteString("| option | meaning | default | JSON |\n| --- | --- | --- | --- |\n")
	rowsBelow(b, "%s", "", grammar)
}

// rowsBelow prints rows, and those of their blocks after them.
func rowsBelow[T any](b *strings.Builder, shape, field string, grammar []config.Directive[T]) {
	escape := strings.NewReplacer("|", "\\|")
	for _, row := range grammar {
		name := fmt.Sprintf(shape, strings.TrimSpace(row.Name+" "+row.Args))
		fmt.Fprintf(b, "| `%s` | %s | %s | `%s` |\n", escape.Replace(name), escape.Replace(row.Doc), escape.Replace(row.Default), field+row.Field)
		rowsBelow(b, row.Name+" { %s }", field+row.Field+".", row.Block)
	}
}

func reasonsReference() string {
	var b strings.Builder
	b.WriteString("# Reasons\n\n" + generated)
	b.WriteString("Every refusal has one reason. The word is the label `reason` of `usher_requests_total`, the field `usher_reason` of the access log, and the header `Usher-Reason`, which only holders of a validly signed token get; everybody else gets one uniform answer.\n\n| reason | status | means | the viewer reads |\n| --- | --- | --- | --- |\n")
	for _, no := range gate.Reasons() {
		if no != gate.OK {
			fmt.Fprintf(&b, "| `%s` | %d | %s | %s. %s |\n", no, no.Status(), no.Meaning(), no.Heading(), no.Advice())
		}
	}
	return b.String()
}

var described = regexp.MustCompile(`fqName: "([^"]+)", help: "([^"]+)", unit: "[^"]*", constLabels: \{\}, variableLabels: \{([^}]*)\}`)

func metricsReference(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("# Metrics\n\n" + generated)
	b.WriteString("On Caddy's metrics endpoint. Counts survive config reloads. Labels are closed sets: no id, address, path or token is ever one.\n\n| metric | labels | meaning |\n| --- | --- | --- |\n")
	for _, c := range collectors {
		descs := make(chan *prometheus.Desc, 4)
		c.Describe(descs)
		parts := described.FindStringSubmatch((<-descs).String())
		if parts == nil {
			t.Fatal("a metric does not describe itself as expected")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", parts[1], strings.ReplaceAll(parts[3], ",", ", "), parts[2])
	}
	return b.String()
}
