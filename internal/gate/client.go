package gate

import (
	"net/netip"
	"strings"

	"github.com/usher-media/usher/internal/token"
)

// ClientGroup returns the group of addresses that counts as one client: an
// IPv4 address, or an IPv6 /64, which is what one connection line gets.
// IPv4 inside IPv6 (mapped, NAT64 of RFC 6052) is the IPv4 address.
func ClientGroup(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	if nat64.Contains(addr) {
		raw := addr.As16()
		addr = netip.AddrFrom4([4]byte(raw[12:]))
	}
	bits := 64
	if addr.Is4() {
		bits = 32
	}
	group, err := addr.Prefix(bits)
	if err != nil { // the zero Addr: all clients without an address are one
		return netip.Prefix{}
	}
	return group
}

// GroupDigest is how a client group is kept and shown: whoever has no keys cannot
// find the addresses by trying all of them.
func GroupDigest(keys *token.Keyring, group netip.Prefix) string {
	return keys.Digest("group", group.String())
}

var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// AgentFamily reduces a User-Agent to a word that stays the same over
// versions. It is shown to people and tells a returning player from another;
// nothing is allowed because of it.
func AgentFamily(userAgent string) string {
	for _, family := range browserFamilies {
		if strings.Contains(userAgent, family.mark) {
			return family.name
		}
	}
	product, _, _ := strings.Cut(userAgent, "/")
	product, _, _ = strings.Cut(product, " ")
	product = strings.ToLower(product)
	if product == "" || len(product) > 32 || strings.IndexFunc(product, notWordRune) >= 0 {
		return "other"
	}
	return product
}

// browserFamilies is in order: most browsers also name those they descend from.
var browserFamilies = []struct{ mark, name string }{
	{"Edg/", "edge"}, {"OPR/", "opera"}, {"SamsungBrowser/", "samsung"}, {"Firefox/", "firefox"},
	{"Chrome/", "chrome"}, {"Chromium/", "chrome"}, {"AppleCoreMedia/", "applecoremedia"}, {"Safari/", "safari"},
	{"ExoPlayer", "exoplayer"}, {"AndroidXMedia3", "media3"}, {"LibVLC/", "vlc"},
}

func notWordRune(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '.' && r != '_'
}

// Previewer reports whether the agent says that it makes previews of links in
// chats and feeds. Claiming so only ever gives less: an empty answer.
func Previewer(userAgent string) bool {
	for i := range len(userAgent) {
		for _, mark := range previewersBy[userAgent[i]] {
			if strings.HasPrefix(userAgent[i:], mark) {
				return true
			}
		}
	}
	return false
}

// previewersBy are the marks by their first byte: every request is held
// against all of them.
var previewersBy = func() (by [256][]string) {
	for _, mark := range previewers {
		by[mark[0]] = append(by[mark[0]], mark)
	}
	return by
}()

var previewers = []string{
	"Slackbot", "Slack-ImgProxy", "facebookexternalhit", "meta-externalfetcher", "Facebot", "WhatsApp/",
	"TelegramBot", "Twitterbot", "Discordbot", "LinkedInBot", "SkypeUriPreview", "MicrosoftPreview",
	"Bluesky Cardyb", "Mastodon/", "Pinterestbot", "redditbot", "Viber", "SnapURLPreview", "vkShare",
	"Iframely", "Embedly", "Mattermost-Bot", "GoogleImageProxy", "Google-Safety", "BingPreview", "Applebot",
	"Googlebot", "bingbot",
}
