package caddymodule

import (
	"slices"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/usher-media/usher/config"
)

func init() {
	httpcaddyfile.RegisterGlobalOption("usher", parseApp)
	httpcaddyfile.RegisterHandlerDirective("usher", parseSite)
	// Scopes speak of the URL that viewers see, so the gate comes before
	// anything that changes it.
	httpcaddyfile.RegisterDirectiveOrder("usher", httpcaddyfile.Before, "rewrite")
}

func parseApp(d *caddyfile.Dispenser, existing any) (any, error) {
	if existing != nil {
		return nil, d.Err("the global usher block is given twice: join the two")
	}
	var app config.App
	if err := parseBlock(d, &app, config.AppGrammar); err != nil {
		return nil, err
	}
	return httpcaddyfile.App{Name: "usher", Value: caddyconfig.JSON(app, nil)}, nil
}

func parseSite(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	handler := new(Handler)
	if err := parseBlock(h.Dispenser, &handler.Site, config.SiteGrammar); err != nil {
		return nil, err
	}
	return handler, nil
}

// parseBlock reads `usher { row … }` by the grammar's table. A row may be given
// once unless it says otherwise; unknown words are errors that list the known ones.
func parseBlock[T any](d *caddyfile.Dispenser, into *T, grammar []config.Directive[T]) error {
	d.Next() // usher
	if d.NextArg() {
		return d.Errf("usher takes a block and no arguments, not %q", d.Val())
	}
	return parseRows(d, "usher", 0, into, grammar)
}

// parseRows reads the rows of one block; some have a block of their own.
func parseRows[T any](d *caddyfile.Dispenser, block string, nesting int, into *T, grammar []config.Directive[T]) error {
	given := map[string]bool{}
	for d.NextBlock(nesting) {
		name := d.Val()
		i := slices.IndexFunc(grammar, func(row config.Directive[T]) bool { return row.Name == name })
		if i < 0 {
			return d.Errf("unknown %s option %q: known are %s", block, name, config.Known(grammar))
		}
		if given[name] && !grammar[i].Repeats {
			return d.Errf("%s option %q is given twice", block, name)
		}
		given[name] = true
		if err := grammar[i].Set(into, d.RemainingArgs()); err != nil {
			return d.Errf("%s option %s: %v", block, name, err)
		}
		if len(grammar[i].Block) > 0 {
			if err := parseRows(d, block+" "+name, nesting+1, into, grammar[i].Block); err != nil {
				return err
			}
		} else if d.NextBlock(nesting + 1) {
			return d.Errf("%s option %q takes no block", block, name)
		}
	}
	return nil
}
