#!/usr/bin/env bash
# Runs every fuzz target of the tree, one after the other, for the given time.
set -euo pipefail
time=${1:-60s}
grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u | while read -r dir; do
	go test "$dir" -list '^Fuzz' | grep '^Fuzz' | while read -r target; do
		echo "== $dir $target ($time)"
		go test "$dir" -run '^$' -fuzz "^$target\$" -fuzztime "$time"
	done
done
