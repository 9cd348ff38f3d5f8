package stripe_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/adapters/sandbox/stripespec"
	"github.com/entitled-dev/entitled/adapters/stripe"
	"github.com/entitled-dev/entitled/domain"
)

// Stripe's own samples of each API version, filled in where that version has the
// place, read as one purchase.

// A period of thirty days, and when an event told of it.
const (
	confBegan = 1793620800
	confEnds  = confBegan + 30*24*60*60
	confTold  = confBegan + 5
)

func at(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }

// conformance is one kind of object in one version.
type conformance struct {
	*stripespec.Version
	t      *testing.T
	basil  bool // the version is basil or newer: the great move
	clover bool
}

// sample is one with everything that all kinds have.
func (c conformance) sample(kind, id string) *stripespec.Sample {
	s := c.Sample(c.t, kind)
	s.Set("id", id)
	return s
}

func TestReadersAgainstStripesDescriptions(t *testing.T) {
	t.Parallel()
	gateway, err := stripe.New(stripe.Config{SecretKey: "sk_test_conformance", WebhookSecrets: []string{"whsec_conformance"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(gateway.Close)
	for _, version := range stripespec.Versions {
		for name, test := range conformanceTests {
			t.Run(version.API+"/"+name, func(t *testing.T) {
				t.Parallel()
				c := conformance{
					Version: stripespec.Describe(t, version.Module), t: t,
					basil: version.API >= "2025-03-31.basil", clover: version.API >= "2025-09-30.clover",
				}
				sample, want := test(c)
				if sample == nil {
					return // the version has nothing of the kind, the test has made sure
				}
				got, err := gateway.RereadEvent(fmt.Appendf(nil,
					`{"id":"evt_1","object":"event","api_version":%q,"created":%d,"livemode":false,"type":%q,"data":{"object":%s}}`,
					version.API, confTold, typeOf(want), sample.JSON()))
				if err != nil {
					t.Fatal(err)
				}
				if got.APIVersion != version.API || !got.Created.Equal(at(confTold)) {
					t.Errorf("got event %+v", got)
				}
				if diff := cmp.Diff(want, got.Fact); diff != "" {
					t.Errorf("the fact differs (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func typeOf(f domain.Fact) domain.EventType {
	switch f := f.(type) {
	case domain.SessionFact:
		return f.Type
	case domain.SubscriptionFact:
		return f.Type
	case domain.InvoiceFact:
		return f.Type
	case domain.InvoicePaymentFact:
		return f.Type
	case domain.CreditNoteFact:
		return f.Type
	case domain.ChargeFact:
		return f.Type
	case domain.RefundFact:
		return f.Type
	case domain.DisputeFact:
		return f.Type
	case domain.CustomerFact:
		return f.Type
	}
	return ""
}
