package gate

import (
	"net/http"
	"strconv"
	"strings"
)

// RangeKind sorts Range headers by what they mean for counting.
type RangeKind uint8

const (
	// RangeNone is no range, or one in a unit other than bytes, which servers
	// ignore (RFC 9110 section 14.2).
	RangeNone RangeKind = iota
	// RangePart asks for a part of the file.
	RangePart
	// RangeProbe asks so little that it can only be a player finding its way:
	// bytes=0-0, bytes=0-1, or a short tail. It never starts a play.
	RangeProbe
	// RangeBad is malformed or hostile and is refused.
	RangeBad
)

const (
	maxRangeHeader = 256
	maxRanges      = 4
	// MaxTail is the longest suffix range that passes as a probe for an index
	// at the end of a file. Without a bound, "bytes=-99999999999" would be the
	// whole film for free.
	MaxTail = 1 << 20
)

// ParseRange reads a Range header strictly: at most four ranges, ascending and
// apart (RFC 9110 section 14.2 lets a server refuse others; CVE-2011-3192 and
// its heirs are why).
func ParseRange(header string) RangeKind {
	if header == "" {
		return RangeNone
	}
	if len(header) > maxRangeHeader {
		return RangeBad
	}
	list, bytes := strings.CutPrefix(header, "bytes=")
	if !bytes {
		return RangeBad
	}
	n, end := 0, int64(-1)
	probe := true
	for spec := range strings.SplitSeq(list, ",") {
		if n++; n > maxRanges {
			return RangeBad
		}
		first, last, ok := parseSpec(strings.Trim(spec, " \t"))
		if !ok {
			return RangeBad
		}
		if first < 0 { // a suffix: it stands alone, since its place is unknown
			if strings.Contains(list, ",") {
				return RangeBad
			}
			return tailKind(last)
		}
		if first <= end || end == openEnd {
			return RangeBad
		}
		end = last
		probe = probe && first == 0 && last <= 1
	}
	if probe {
		return RangeProbe
	}
	return RangePart
}

// openEnd stands for the end of "N-": nothing may follow it.
const openEnd = int64(^uint64(0) >> 1)

func tailKind(length int64) RangeKind {
	if length > MaxTail {
		return RangePart
	}
	return RangeProbe
}

// parseSpec reads "a-b", "a-" (last is openEnd) or "-n" (first is -1, last n).
func parseSpec(spec string) (first, last int64, ok bool) {
	a, b, dash := strings.Cut(spec, "-")
	if !dash || (a == "" && b == "") {
		return 0, 0, false
	}
	if a == "" {
		last, ok = position(b)
		return -1, last, ok && last > 0
	}
	if first, ok = position(a); !ok {
		return 0, 0, false
	}
	if b == "" {
		return first, openEnd, true
	}
	last, ok = position(b)
	return first, last, ok && last >= first && last < openEnd
}

func position(digits string) (int64, bool) {
	if digits == "" || len(digits) > 18 {
		return 0, false
	}
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return 0, false
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, err == nil
}

// tailShare is how much of a file its tail may be to pass as an index: one
// byte in so many. Of a segment a tail of MaxTail is all there is, and a whole
// stream could be had in tails, for nothing.
const tailShare = 8

// IsProbe reports whether an answer gives no more than a probe may have: the
// two bytes by which a player finds its way, or a tail that is a small part of
// the file. An upstream that knows no ranges answers a probe with everything.
func IsProbe(status int, contentRange string) bool {
	spec, bytes := strings.CutPrefix(contentRange, "bytes ")
	span, whole, slash := strings.Cut(spec, "/")
	first, last, ok := parseSpec(span)
	size, known := position(whole)
	if status != http.StatusPartialContent || !bytes || !slash || !ok || !known || first < 0 || last >= size {
		return false
	}
	length := last - first + 1
	return last <= 1 || (last == size-1 && length <= MaxTail && length <= size/tailShare)
}
