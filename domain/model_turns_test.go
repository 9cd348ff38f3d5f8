package domain_test

// setsOfTurns are those of [domaintest.History.Turns] whose words are Stripe's own: they
// are counted by the test of the closed sets.
var setsOfTurns = []string{
	"session mode", "session status", "payment status", "status", "pause", "collection method", "billing reason",
	"refund", "dispute", "payment behavior", "proration behavior", "invoice", "credit note",
}

// wantedTurns are those that the model tells besides.
var wantedTurns = []string{
	"begins: abandoned", "begins: bank debit", "begins: bank debit fails", "begins: bank debit pending", "begins: card",
	"begins: card slow", "begins: dashboard", "begins: free", "begins: invoiced by hand", "begins: trial",
	"change: add an item", "change: interval", "change: many times", "change: price", "change: quantity",
	"change: remove an item", "change: swap an item", "change: to none",
	"checkout: bank debit", "checkout: bank debit fails", "checkout: bank debit pending", "checkout: copied",
	"checkout: expired", "checkout: free", "checkout: left open", "checkout: paid", "checkout: recovered",
	"collection: declined", "collection: paid", "collection: paid, and told of by its money going back alone",
	"credit note: on an open invoice", "credit note: to the balance", "credit note: with money",
	"credit: a present",
	"customer: deleted", "customer: looked at",
	"debit: ends", "debit: is looked at", "debit: is past due", "debit: pays after all",
	"foreign session: fraction", "foreign session: other currency", "foreign session: other mode",
	"foreign session: setup",
	"invoice: lost", "invoice: more than ten lines", "invoice: paid in parts",
	"order of: donation", "order of: forever", "order of: pass",
	"owing: cancels by flag", "owing: changes", "owing: gives a seat back", "owing: gives up", "owing: is ended",
	"owing: is looked at", "owing: is tried again", "owing: is voided", "owing: is written off", "owing: pays all",
	"owing: pays the newest", "owing: pays the oldest", "owing: period moves on",
	"pending update: applied", "pending update: expired",
	"sent invoice: overdue", "sent invoice: paid", "sent invoice: put off",
	"subscription to: price_made_by_stripe", "subscription to: price_pro", "subscription to: price_studio",
	"subscription to: price_team", "subscription to: price_usage",
	"trial: cancels by flag", "trial: changes", "trial: ends", "trial: ends early", "trial: is paid for at its end",
	"trial: runs out", "trial: warns",
	"turn: a lookup key moves", "turn: a threshold", "turn: by hand", "turn: cancels by date", "turn: cancels by flag",
	"turn: changes", "turn: collection pauses", "turn: credit", "turn: ends", "turn: is looked at", "turn: is paused",
	"turn: pays by invoice", "turn: renews", "turn: undoes", "turn: waiting items are billed", "turn: warns",
}
