package wire

import "crypto/rand"

// Base62 is what ids are made of.
const Base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// NewID returns prefix and n random characters, in the form of Stripe's ids.
// Ids are random, never counted, because a service keeps them in its database
// while the sandbox forgets: after a restart none may come twice.
func NewID(prefix string, n int) string {
	b := make([]byte, 0, len(prefix)+n)
	b = append(b, prefix...)
	var buf [64]byte
	for {
		rand.Read(buf[:])
		for _, c := range buf {
			if len(b) == len(prefix)+n {
				return string(b)
			}
			if c < 248 { // 4*62: no character more likely than another
				b = append(b, Base62[c%62])
			}
		}
	}
}
