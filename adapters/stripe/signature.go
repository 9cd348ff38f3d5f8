package stripe

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v76/webhook"

	"github.com/entitled-dev/entitled/ports"
)

// tolerance is how far a signature's time may be from ours, either way: long
// enough for clocks that differ, short enough that a message which was listened
// to cannot be used later. Stripe signs each attempt anew.
const tolerance = webhook.DefaultTolerance

// verify checks that a message was signed with one of our secrets, now.
//
// The time is looked at after the signature, so that an error about the time is
// only given for messages that are Stripe's; and here, because stripe-go takes
// any time in the future, and its own clock.
func (g *Gateway) verify(payload []byte, signature string) error {
	if err := g.verifySigner(payload, signature); err != nil {
		return fmt.Errorf("%w: %w", ports.ErrBadSignature, err)
	}
	signed, ok := signedAt(signature)
	if !ok {
		return fmt.Errorf("%w: it has no time", ports.ErrBadSignature)
	}
	if age := g.now().Sub(signed); age > tolerance || age < -tolerance {
		return fmt.Errorf("%w: it is from %s, which is more than %s from now: check this machine's clock",
			ports.ErrBadSignature, signed.Format(time.RFC3339), tolerance)
	}
	return nil
}

func (g *Gateway) verifySigner(payload []byte, signature string) error {
	var err error
	for _, secret := range g.secrets {
		err = webhook.ValidatePayloadIgnoringTolerance(payload, signature, secret)
		if !errors.Is(err, webhook.ErrNoValidSignature) {
			return err // it fits, or the header does not depend on the secret
		}
	}
	return fmt.Errorf("%w with any configured secret: compare STRIPE_WEBHOOK_SECRET with the endpoint's", err)
}

// signedAt reads the time out of a header that has verified. Of several the last
// one counts, as it does for stripe-go: that is the one that was signed.
func signedAt(signature string) (time.Time, bool) {
	i := strings.LastIndex(","+signature, ",t=")
	if i < 0 {
		return time.Time{}, false
	}
	digits, _, _ := strings.Cut(signature[i+len("t="):], ",")
	seconds, err := strconv.ParseInt(digits, 10, 64)
	return time.Unix(seconds, 0).UTC(), err == nil
}
