// Package directory is who there is and what they may do: persons, groups,
// collections, grants and roles, kept as documents. [Directory] changes and
// shows them and checks who asks; [View] remembers them and answers the gate.
package directory
