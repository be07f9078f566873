package gate

import (
	"net/netip"
	"testing"
)

// FuzzClientGroup: every address is in one group, all of a group agree on it,
// and an address inside another (mapped, NAT64) is the same client.
func FuzzClientGroup(f *testing.F) {
	for _, seed := range []string{"192.0.2.7", "::ffff:192.0.2.7", "64:ff9b::c000:207", "64:ff9b:1::1", "2001:db8::1", "::", "fe80::1"} {
		raw := netip.MustParseAddr(seed).As16()
		f.Add(raw[:], "eth0")
	}
	f.Fuzz(func(t *testing.T, raw []byte, zone string) {
		if len(raw) != 16 {
			return
		}
		addr := netip.AddrFrom16([16]byte(raw))
		group := ClientGroup(addr)
		if !group.IsValid() || group != group.Masked() {
			t.Fatalf("%s has the group %s", addr, group)
		}
		last := group.Addr()
		if last.Is6() { // not the first: the group around NAT64 begins with it
			raw := last.As16()
			copy(raw[8:], "\xff\xff\xff\xff\xff\xff\xff\xff")
			last = netip.AddrFrom16(raw)
		}
		if again := ClientGroup(last); again != group {
			t.Fatalf("%s has the group %s, whose last address has %s", addr, group, again)
		}
		if zoned := ClientGroup(addr.WithZone(zone)); zoned != group {
			t.Fatalf("%s has the group %s, and %s with a zone", addr, group, zoned)
		}
		if !group.Addr().Is4() {
			return
		}
		four := group.Addr().As4()
		nat := netip.MustParsePrefix("64:ff9b::/96").Addr().As16()
		copy(nat[12:], four[:])
		for _, other := range []netip.Addr{netip.AddrFrom4(four), netip.AddrFrom16(netip.AddrFrom4(four).As16()), netip.AddrFrom16(nat)} {
			if got := ClientGroup(other); got != group {
				t.Fatalf("%s and %s are the same client, and have the groups %s and %s", addr, other, group, got)
			}
		}
	})
}
