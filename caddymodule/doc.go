// Package caddymodule puts Usher into Caddy. Besides cmd/, it is the only
// package that imports Caddy. It registers:
//
//	usher                                    the app (app.go): store, keyring
//	http.handlers.usher                      the gate of a site (handler.go)
//	admin.api.usher                          the management API on the admin endpoint (admin.go)
//	caddy.logging.encoders.filter.usher_token  keeps tokens out of logs (logfilter.go)
//
// and the commands of the command line (command.go). A media request goes
// through handler.go, gather.go, the gate, answer.go and writer.go (charge.go,
// tidy.go, manifest.go, sendfile.go), in this order; pages for people are in viewer.go.
package caddymodule
