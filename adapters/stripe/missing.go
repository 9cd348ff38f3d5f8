package stripe

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/ports"
)

// missing is the error for a question about something that there is not, nil for any
// other. Of what the path names Stripe says so with 404, of what a list is asked to be
// of with 400.
func missing(c call, err error) error {
	var said *stripe.Error
	if c.method != http.MethodGet || !errors.As(err, &said) || said.Code != stripe.ErrorCodeResourceMissing {
		return nil
	}
	if said.HTTPStatusCode != http.StatusNotFound && said.HTTPStatusCode != http.StatusBadRequest {
		return nil
	}
	return fmt.Errorf("%w: %s: %s", ports.ErrNotFound, c.does, summary(said))
}
