// Package token turns signed text into ids and claims and back: the codes of
// share links, session and device tokens, links minted elsewhere as JSON Web
// Tokens, and the keyring that seals and opens them. It imports nothing of ours.
package token
