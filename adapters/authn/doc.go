// Package authn tells who asks: the product's back end by a service key, or a
// user by a JWT that the product's own sign-in issued.
//
// Invariants: what cannot be checked is refused, never let through and never
// checked in another way: a bad Authorization header does not fall back to the
// cookie, and keys that cannot be fetched make a request fail, not pass. Service
// keys are held as hashes and compared in constant time. An algorithm is accepted
// by our configuration, never because a token asks for it: HS256 with the secret
// only, asymmetric ones with the key set only. Whose tokens a key set vouches for is
// always said: an issuer and an audience, or that any will do. No error, log line
// or printed value of this package contains a key, a secret or any part of a token.
package authn
