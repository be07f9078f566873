// Command usher is Caddy with Usher inside: a reverse-proxy access gateway for
// media URLs.
package main

import (
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/usher-media/usher/caddymodule"
)

func main() { caddycmd.Main() }
