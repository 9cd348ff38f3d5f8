// Package backend is a product whose users upgrade, come back, and use what they paid for.
package backend

import (
	"errors"
	"fmt"
	"net/http"

	entitled "github.com/entitled-dev/entitled/clients/go"
)

// New serves the product, with a client of the service. Who asks is what user says.
func New(c *entitled.Client, user func(*http.Request) string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /upgrade/{plan}", func(w http.ResponseWriter, r *http.Request) {
		checkout, err := c.Upgrade(r.Context(), user(r), r.PathValue("plan"), entitled.CheckoutRequest{})
		switch {
		case err != nil:
			refuse(w, err)
		case checkout.Action == "redirect":
			http.Redirect(w, r, checkout.URL, http.StatusSeeOther)
		default:
			fmt.Fprintln(w, "you have it")
		}
	})
	mux.HandleFunc("GET /thanks", func(w http.ResponseWriter, r *http.Request) {
		order, err := c.Returned(r, user(r))
		if err != nil {
			refuse(w, err)
			return
		}
		fmt.Fprintf(w, "%s is %s\n", order.Plan, order.Status)
	})
	mux.Handle("GET /sso", c.Require("sso", user)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "single sign-on")
	})))
	return mux
}

// refuse says to a person what went wrong, as far as it is theirs.
func refuse(w http.ResponseWriter, err error) {
	var p *entitled.Problem
	switch {
	case errors.Is(err, entitled.ErrNoOrder):
		http.Error(w, "there is no such order", http.StatusNotFound)
	case errors.As(err, &p) && !entitled.IsOutage(err):
		http.Error(w, p.Title, p.Status)
	default:
		http.Error(w, "try again soon", http.StatusServiceUnavailable)
	}
}
