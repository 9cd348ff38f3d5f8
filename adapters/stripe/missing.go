package stripe

import (
	"errors"
	"fmt"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/ports"
)

// missing is the error for the list of what belongs to something that there is not,
// nil for any other. Stripe calls the parameter that names it wrong, which is no
// mistake of ours: it may be deleted, or another account's.
func missing(c call, err error) error {
	var said *stripe.Error
	if !c.belonging || !errors.As(err, &said) || said.Code != stripe.ErrorCodeResourceMissing {
		return nil
	}
	return fmt.Errorf("%w: %s: %s", ports.ErrNotFound, c.does, summary(said))
}
