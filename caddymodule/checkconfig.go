package caddymodule

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/encode"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/fileserver"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/rewrite"
	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/usher-media/usher/internal/checkup"
)

// checkCommand is usher check-config. (usher validate is Caddy's, and asks only
// whether a config can be loaded.)
func checkCommand() *cobra.Command {
	var file, adapter string
	var strict, asJSON bool
	cmd := &cobra.Command{
		Use:   "check-config [--config FILE]",
		Short: "Looks a config over for ways around the gate",
		Long: `Looks a config over for ways around the gate, and prints what somebody should look
at. It starts nothing, opens nothing and asks no server. What it looks for:

` + kindsText(),
		Example: "  usher check-config --config /etc/usher/Caddyfile\n  usher check-config --strict --json",
		Args:    cobra.NoArgs,
	}
	flags := cmd.Flags()
	flags.StringVarP(&file, "config", "c", "", "The config (default Caddyfile in this folder)")
	flags.StringVarP(&adapter, "adapter", "a", "", "What reads it, such as caddyfile; JSON needs none (default by its name)")
	flags.BoolVar(&strict, "strict", false, "Fail where there is a warning")
	flags.BoolVar(&asJSON, "json", false, "Print JSON")
	cmd.RunE = func(made *cobra.Command, _ []string) error {
		text, _, _, err := caddycmd.LoadConfig(file, adapter)
		if err != nil {
			return err
		}
		if len(text) == 0 {
			return fmt.Errorf("there is no config here: name one with --config")
		}
		warnings, err := checkup.Config(text)
		if err != nil {
			return err
		}
		if err := printWarnings(made.OutOrStdout(), warnings, asJSON); err != nil {
			return err
		}
		if strict && len(warnings) > 0 {
			return fmt.Errorf("the config has %s", counted(len(warnings)))
		}
		return nil
	}
	return cmd
}

func kindsText() string {
	var b strings.Builder
	for _, kind := range checkup.Kinds() {
		fmt.Fprintf(&b, "  %s:\n    %s\n", kind.Word, kind.Means)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func printWarnings(out io.Writer, warnings []checkup.Warning, asJSON bool) error {
	if asJSON {
		if warnings == nil {
			warnings = []checkup.Warning{}
		}
		write := json.NewEncoder(out)
		write.SetEscapeHTML(false)
		return write.Encode(map[string]any{"warnings": warnings})
	}
	for _, w := range warnings {
		fmt.Fprintf(out, "%s: %s\n  %s\n", w.Kind, w.Where, w.What)
	}
	if len(warnings) == 0 {
		fmt.Fprintln(out, "Nothing was found that goes around the gate.")
	}
	return nil
}

// warnStorage logs storage that is reached without the gate, once for each config
// that is started.
func (a *App) warnStorage(ctx caddy.Context) {
	running, err := ctx.AppIfConfigured("http")
	if err != nil {
		return // then there is no site either
	}
	var servers []checkup.Server
	for name, s := range running.(*caddyhttp.App).Servers {
		one := checkup.Server{Name: name, Listen: s.Listen, Routes: checkedRoutes(s.Routes)}
		if s.Errors != nil {
			one.Errors = checkedRoutes(s.Errors.Routes)
		}
		servers = append(servers, one)
	}
	for _, w := range checkup.Storage(servers) {
		a.logger.Warn("storage is reached without the gate; usher check-config looks the whole config over", zap.String("kind", w.Kind), zap.String("where", w.Where), zap.String("what", w.What))
	}
}

// checkedRoutes are provisioned routes as the checkup knows them. Their JSON is gone by
// then, and what they came to be is there.
func checkedRoutes(from caddyhttp.RouteList) []checkup.Route {
	routes := make([]checkup.Route, len(from))
	for i, f := range from {
		r := checkup.Route{Group: f.Group, Terminal: f.Terminal}
		var sets []map[string]json.RawMessage
		for _, set := range f.MatcherSets {
			one := map[string]json.RawMessage{}
			for _, m := range set {
				if text, err := json.Marshal(m); err == nil {
					one[m.(caddy.Module).CaddyModule().ID.Name()] = text
				}
			}
			sets = append(sets, one)
		}
		_ = r.Matches(sets) // JSON that was just written
		for _, h := range f.Handlers {
			r.Handle = append(r.Handle, checkedHandler(h))
		}
		routes[i] = r
	}
	return routes
}

func checkedHandler(from caddyhttp.MiddlewareHandler) checkup.Handler {
	switch h := from.(type) {
	case *Handler:
		return checkup.Handler{Kind: checkup.Gate, API: h.API, Console: h.Console}
	case *caddyhttp.Subroute:
		return checkup.Handler{Routes: checkedRoutes(h.Routes)}
	case *fileserver.FileServer:
		return checkup.Handler{Kind: checkup.FileServer, Root: h.Root}
	case *reverseproxy.Handler:
		proxy := checkup.Handler{Kind: checkup.ReverseProxy}
		for _, upstream := range h.Upstreams {
			proxy.Dials = append(proxy.Dials, upstream.Dial)
		}
		return proxy
	case *rewrite.Rewrite:
		return checkup.Handler{Kind: checkup.Rewrite}
	case *encode.Encode:
		return checkup.Handler{Kind: checkup.Encode}
	case *caddyhttp.VarsMiddleware:
		root, _ := (*h)["root"].(string)
		return checkup.Handler{Kind: checkup.Vars, Root: root}
	}
	return checkup.Handler{}
}

func counted(warnings int) string {
	if warnings == 1 {
		return "1 warning"
	}
	return fmt.Sprintf("%d warnings", warnings)
}
