// Package hostile sends the real binary what its enemies would: requests in
// spellings that a gate and the server behind it could read differently,
// contradicting credentials, forged headers, tokens of the wrong kind. It is
// all tests. Every answer is held against one oracle, from outside: which
// bytes came back, what the upstream saw, what the counts of views say, and
// what stands in the log.
//
// `go test` varies one dimension at a time; with USHER_FULL=1 in the
// environment every request is sent with every credential to every upstream.
package hostile
