// Package pages is the demo shop in the browser: a pricing page, the page that a
// buyer returns to from Stripe, and the account, with what a billing page has.
//
// The server renders what is for sale. Everything else the pages ask from the
// public API with fetch, as any product's front end would: they know nothing that
// a client could not know.
//
// Invariants:
//
//   - Coming back from the payment page proves nothing. The return page says
//     "you now have it" only when the order's status does.
//   - Nothing is inline and nothing comes from elsewhere: the content policy
//     allows the page's own assets and the page's own API, and no markup made
//     from data. Scripts write with textContent only.
//   - No amount is computed in the browser, but for that of one unit times a quantity,
//     exactly. What a change costs is the service's word.
//   - A click that changes a subscription carries a key of its own, and is sent with the
//     same one again where no answer came.
//
// Where to look first: pages.go for the routes, pricing.go for what a plan's card
// shows, assets/return.js for how a return is followed, assets/me.js for the account.
package pages
