# Reads `go test -v` and prints, for each package, its result and the tests that
# ran, by name; everything a package said where it failed.
/^=== (RUN|PAUSE|CONT|NAME|ATTR)/ { said = said $0 "\n"; next }
/^--- PASS: / { ran = ran " " substr($3, 5); said = said $0 "\n"; next }
/^--- SKIP: / { skipped = skipped " " $3; said = said $0 "\n"; next }
/^(ok|FAIL|\?|---)[ \t]+[^ \t]+\// {
	if ($1 == "FAIL") printf "%s", said
	print
	if (ran != "") wrap(ran)
	if (skipped != "") print "    SKIPPED:" skipped
	said = ran = skipped = ""
	fflush()
	next
}
{ said = said $0 "\n" }
END { printf "%s", said }

function wrap(names,   n, i, words, line) {
	n = split(names, words, " ")
	line = "   "
	for (i = 1; i <= n; i++) {
		if (length(line) + length(words[i]) > 110) { print line; line = "   " }
		line = line " " words[i]
	}
	print line
}
