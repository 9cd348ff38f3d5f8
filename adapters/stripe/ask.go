package stripe

import (
	"cmp"
	"context"
	"fmt"

	"golang.org/x/time/rate"

	"github.com/entitled-dev/entitled/ports"
)

// How often Stripe is asked on doubt: doubts come in crowds, after an outage or a
// renewal of many on one day. Stripe allows 25 calls a second of one kind, and
// checkouts need theirs.
const (
	questionsPerSecond = 10
	questionsAtOnce    = 5
	// Lists of all that there is are for nobody who waits.
	listingsPerSecond = 4
	listingsAtOnce    = 2
)

func newQuestions() *rate.Limiter { return rate.NewLimiter(questionsPerSecond, questionsAtOnce) }

func newListings() *rate.Limiter { return rate.NewLimiter(listingsPerSecond, listingsAtOnce) }

// ask is send for a question on doubt: it waits for its turn, as long as the
// context allows.
func (g *Gateway) ask(ctx context.Context, c call) (answer, error) {
	return g.inTurn(ctx, g.questions, c)
}

// inTurn is send once a limiter lets it.
func (g *Gateway) inTurn(ctx context.Context, turns *rate.Limiter, c call) (answer, error) {
	if err := turns.Wait(ctx); err != nil {
		busy := fmt.Errorf("%w: %s: more is being asked than Stripe allows", ports.ErrGatewayBusy, c.does)
		return answer{}, cmp.Or(left(ctx, c), busy)
	}
	return g.send(ctx, c)
}
