package caddymodule

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/usher-media/usher/internal/api"
	"github.com/usher-media/usher/internal/directory"
)

func apiReference() string {
	return "# Management API\n\n" + generated + `Version 1. It stands below ` + "`/usher/v1`" + ` on Caddy's admin endpoint, for operators, and with the word ` + "`api`" + `
below ` + "`/_usher/api/v1`" + ` on a site, for holders of API keys (` + "`Authorization: Bearer …`" + `) and
for persons who are signed in there, by their cookie and from pages of the site alone. Bodies and answers are JSON; unknown fields, fields
that are given twice, and null are refused. An error is a [problem document](problems.md) (RFC 9457): ` + "`type`" + ` tells it apart from others, ` + "`field`" + `
says what is wrong, ` + "`allowed`" + ` what could stand there instead.

[openapi.json](openapi.json) says the same as an OpenAPI 3.1 document. It is also served, without a key, at
` + "`/usher/openapi.json`" + ` on the admin endpoint, and at ` + "`/_usher/api/openapi.json`" + ` on a site.

- The permission is one of [roles](roles.md). Where several stand there, the first is the usual one, and what is asked for
  decides. Without one, everybody gets what is theirs. What somebody made or was given they may read in any case, and their
  own links and invitations change. Operators may do everything. Whoever may not know of a thing is told that there is none.
- An API key with the scope ` + "`read`" + ` may ask only for what has that scope here. A key of a person may do what they may.
  An operator asks on behalf of a person with the header ` + "`Usher-As`" + `: an address or an id.
- A POST with an ` + "`Idempotency-Key`" + ` is done once, however often it is sent within a day.
- What has an ` + "`ETag`" + ` is changed only as it was read, with ` + "`If-Match`" + `.
- Listings give the newest first, up to ` + "`limit`" + `, and a ` + "`next`" + `, which is the ` + "`cursor`" + ` of the next page.
- A stream (` + "`…/stream`" + `) is one of server-sent events: ` + "`data`" + ` has what the listing has, [events](events.md) by their type and sessions as
  ` + "`session`" + `, first those that are live. It ends when the rights of who asks end, and with the server. A caller has 8 at once (429), a
  server 64 (503).

` + api.Reference()
}

func problemsReference() string {
	return "# Problems\n\n" + generated + `Every error of the [API](api.md) is a problem document (RFC 9457). Its ` + "`type`" + ` is one of these; it never changes, and is what programs
go by. ` + "`title`" + ` and ` + "`detail`" + ` are for people.
` + api.ProblemsMarkdown()
}

func rolesReference() string {
	return "# Roles\n\n" + generated + `What the account roles may do: everywhere (yes), or in the collections in which somebody holds a capability (with …). Checks are
made from this table; ` + "`usher role table`" + ` prints it.

` + directory.ChartMarkdown()
}

func linksReference() string {
	return "# Links\n\n" + generated + `## Strength

How hard it is to watch by a link for somebody whom nobody meant. A level stops what those before it stop.
` + "`usher link show`" + ` says which one a link has.

` + api.StrengthMarkdown() + `
## Presets

` + "`usher link create --preset NAME`" + `: what else is said on the command line, or in the body, wins.

` + api.PresetMarkdown()
}

func cliReference() string {
	var b strings.Builder
	b.WriteString("# Commands\n\n" + generated + `Beside Caddy's own (` + "`usher run`" + `, ` + "`start`" + `, ` + "`stop`" + `, ` + "`reload`" + `, ` + "`validate`" + ` …). They talk to a running server, except ` + "`demo`, `token sign`, `link presets` and `link strength`" + `:

`)
	common := commands()[0].PersistentFlags()
	flagRows(&b, common)
	for _, tree := range commands() {
		command(&b, tree, "usher", common)
	}
	return b.String()
}

// command prints a command, and those below it after it.
func command(b *strings.Builder, cmd *cobra.Command, above string, common *pflag.FlagSet) {
	depth := strings.Count(above, " ") + 2
	fmt.Fprintf(b, "\n%s %s %s\n\n", strings.Repeat("#", depth), above, cmd.Name())
	text := cmd.Long
	if text == "" {
		text = cmd.Short + "."
	}
	fmt.Fprintf(b, "%s\n", escaped.Replace(text))
	if !cmd.HasSubCommands() {
		fmt.Fprintf(b, "\n```\n%s %s\n```\n", above, cmd.Use)
	}
	own := pflag.NewFlagSet("", pflag.ContinueOnError)
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if common.Lookup(f.Name) == nil {
			own.AddFlag(f)
		}
	})
	if own.HasFlags() {
		b.WriteString("\n")
		flagRows(b, own)
	}
	if cmd.Example != "" && !cmd.HasSubCommands() {
		fmt.Fprintf(b, "\nExamples:\n\n```\n%s\n```\n", strings.ReplaceAll(strings.TrimPrefix(cmd.Example, "  "), "\n  ", "\n"))
	}
	for _, below := range cmd.Commands() {
		command(b, below, above+" "+cmd.Name(), common)
	}
}

// escaped keeps what Markdown would read as markup.
var escaped = strings.NewReplacer("|", "\\|", "*", "\\*", "<", "\\<", "_", "\\_")

func flagRows(b *strings.Builder, flags *pflag.FlagSet) {
	b.WriteString("| flag | meaning |\n| --- | --- |\n")
	flags.VisitAll(func(f *pflag.Flag) {
		usage := f.Usage
		switch f.DefValue {
		case "", "0", "false", "[]":
		default:
			usage += " (default " + f.DefValue + ")"
		}
		if f.Name != "help" {
			fmt.Fprintf(b, "| `--%s` | %s |\n", f.Name, escaped.Replace(usage))
		}
	})
}
