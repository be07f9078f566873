// Command usher is Caddy with Usher inside: a reverse-proxy access gateway for
// media URLs.
package main

import (
	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/usher-media/usher/caddymodule"
)

func main() {
	caddy.CustomBinaryName = "usher"
	caddy.CustomLongDescription = `Usher is a gate for media URLs: share links that are signed, may expire, and are
good for a number of views. It is a Caddy module, and this binary is Caddy with
Usher inside, so all of Caddy's commands are here as well.

  usher demo                         a sample video behind the gate
  usher run --config Caddyfile       run a gated site
  usher link create --path '/film/*' --views 3 --expires 48h
  usher explain URL                  what would happen to a request, and why
`
	caddycmd.Main()
}
