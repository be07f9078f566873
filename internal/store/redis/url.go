package redis

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Budgets of one trip. A request may spend 250 ms on its store altogether.
const (
	dialTimeout  = 500 * time.Millisecond
	tripTimeout  = 150 * time.Millisecond
	queueTimeout = 100 * time.Millisecond
)

// Errors of parseURL never quote the URL or a part of it: where a password is
// not escaped, any part may be a piece of the password.
var (
	errURL = errors.New("store URL is malformed: want redis://user:password@host:port/db, " +
		"rediss:// likewise, or unix://user:password@/path/of/socket?db=0; " +
		"percent-encode what is special in the password")
	errUser     = errors.New("store URL names a user without a password: want user:password@")
	errDatabase = errors.New("store URL: the database is not a number")
	errQuery    = errors.New("store URL has unknown options: the only one is db, for unix://")
)

// parseURL turns a store URL into a client's settings. It is stricter than the
// client's own parser, which fills gaps with defaults: a store on the wrong
// server is one that nobody asked for.
func parseURL(raw string) (*goredis.Options, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Opaque != "" || u.Fragment != "" {
		return nil, errURL
	}
	settings := newSettings()
	if u.User != nil {
		settings.Username = u.User.Username()
		settings.Password, _ = u.User.Password()
		if settings.Password == "" {
			return nil, errUser
		}
	}
	switch u.Scheme {
	case "redis", "rediss":
		return settings, dialTCP(settings, u)
	case "unix":
		return settings, dialUnix(settings, u)
	case "redis+sentinel", "redis+cluster":
		return nil, fmt.Errorf("store URL: %s:// is not supported yet: use redis://, rediss:// or unix://", u.Scheme)
	}
	return nil, errURL
}

func dialTCP(settings *goredis.Options, u *url.URL) error {
	host, port := u.Hostname(), u.Port()
	if host == "" {
		return errURL
	}
	if port == "" {
		port = "6379"
	}
	if u.RawQuery != "" || u.ForceQuery {
		return errQuery
	}
	settings.Network, settings.Addr = "tcp", net.JoinHostPort(host, port)
	if u.Scheme == "rediss" {
		settings.TLSConfig = &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	}
	var err error
	settings.DB, err = database(strings.TrimPrefix(u.Path, "/"))
	return err
}

func dialUnix(settings *goredis.Options, u *url.URL) error {
	if u.Host != "" || u.Path == "/" || u.Path != path.Clean(u.Path) {
		return errURL
	}
	query, err := url.ParseQuery(u.RawQuery)
	numbers := query["db"]
	if err != nil || len(query) > 1 || len(query) == 1 && len(numbers) != 1 {
		return errQuery
	}
	settings.Network, settings.Addr = "unix", u.Path
	settings.DB, err = database(strings.Join(numbers, ""))
	return err
}

func database(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0, errDatabase
	}
	return int(n), nil
}

// newSettings is what every client has in common.
func newSettings() *goredis.Options {
	return &goredis.Options{
		// A call that timed out may have been carried out. Whether to make it
		// again is for the caller to say, who knows if that is safe.
		MaxRetries:            -1,
		DialerRetries:         1,
		ContextTimeoutEnabled: true,
		DialTimeout:           dialTimeout,
		ReadTimeout:           tripTimeout,
		WriteTimeout:          tripTimeout,
		PoolTimeout:           queueTimeout,
		// Checks are one pipeline of small reads at a time: they need no pool of
		// their own with large buffers.
		PipelinePoolSize: -1,
		// No push messages are asked for, and looking for them costs a system
		// call on every trip.
		Protocol:                 2,
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
}

// CheckURL reports what is wrong with a store URL without opening anything.
// The error never shows the password.
func CheckURL(raw string) error {
	_, err := parseURL(raw)
	return err
}
