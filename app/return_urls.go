package app

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/entitled-dev/entitled/domain"
)

// ReturnURLs say where a buyer goes after Stripe's page. A request may name other
// addresses, but only of an allowed origin: an open redirect behind a payment page
// is a gift to phishers.
type ReturnURLs struct {
	Success string   // may contain {ORDER_ID} and Stripe's {CHECKOUT_SESSION_ID}
	Cancel  string   // may contain {ORDER_ID}
	Origins []string // scheme://host[:port], beside those of Success and Cancel
}

var placeholders = strings.NewReplacer("{ORDER_ID}", "", "{CHECKOUT_SESSION_ID}", "")

// maxURL is what Stripe keeps of a URL.
const maxURL = 5000

// NewReturnURLs checks the configured addresses.
func NewReturnURLs(success, cancel string, origins []string) (ReturnURLs, error) {
	u := ReturnURLs{Success: success, Cancel: cancel}
	for name, configured := range map[string]string{"success URL": success, "cancel URL": cancel} {
		if err := CheckReturnURL(configured); err != nil {
			return ReturnURLs{}, fmt.Errorf("the %s %q: %w", name, configured, err)
		}
		o, _ := originOf(configured) // which was checked
		u.Origins = append(u.Origins, o)
	}
	for _, allowed := range origins {
		o, err := originOf(allowed)
		if err != nil || o != strings.TrimSuffix(allowed, "/") {
			return ReturnURLs{}, fmt.Errorf("the allowed origin %q is not of the form https://host[:port]", allowed)
		}
		u.Origins = append(u.Origins, o)
	}
	return u, nil
}

// CheckReturnURL says what is wrong with an address that is configured; nil: nothing.
func CheckReturnURL(configured string) error {
	if _, err := originOf(configured); err != nil {
		return err
	}
	if strings.ContainsAny(placeholders.Replace(configured), "{}") {
		return fmt.Errorf("it has a placeholder other than {ORDER_ID} and {CHECKOUT_SESSION_ID}")
	}
	return nil
}

// choose returns the address asked for if it is allowed, the configured one if
// none is asked for, or ErrBadReturnURL.
func (u ReturnURLs) choose(asked, configured string, order domain.OrderID) (string, error) {
	chosen := configured
	if asked != "" {
		o, err := originOf(asked)
		if err != nil {
			return "", fmt.Errorf("%w: %w", ErrBadReturnURL, err)
		}
		if !slices.Contains(u.Origins, o) {
			return "", fmt.Errorf("%w: origin %s is not among the allowed ones; add it to ALLOWED_ORIGINS if it is yours", ErrBadReturnURL, o)
		}
		chosen = asked
	}
	chosen = strings.ReplaceAll(chosen, "{ORDER_ID}", string(order))
	if len(chosen) > maxURL {
		return "", fmt.Errorf("%w: with the order's id it is longer than %d characters", ErrBadReturnURL, maxURL)
	}
	return chosen, nil
}

// withoutOrder chooses as choose does, for whoever comes back without having ordered
// anything: what would name an order or a session is left out.
func (u ReturnURLs) withoutOrder(name, asked, configured string) (string, error) {
	chosen, err := u.choose(asked, configured, "{ORDER_ID}")
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	address, query, has := strings.Cut(chosen, "?")
	if !has {
		return placeholders.Replace(chosen), nil
	}
	query, fragment, _ := strings.Cut(query, "#")
	named := slices.DeleteFunc(strings.Split(query, "&"), func(pair string) bool { return placeholders.Replace(pair) != pair })
	chosen = placeholders.Replace(address)
	if len(named) > 0 {
		chosen += "?" + strings.Join(named, "&")
	}
	if fragment = placeholders.Replace(fragment); fragment != "" {
		chosen += "#" + fragment
	}
	return chosen, nil
}

// originOf reads the origin the way a browser would, and refuses what browsers
// and Go might read differently.
func originOf(raw string) (string, error) {
	if len(raw) > maxURL {
		return "", fmt.Errorf("it is longer than %d characters", maxURL)
	}
	odd := func(r rune) bool { return r <= ' ' || r == '\\' || r == 0x7f }
	if strings.IndexFunc(raw, odd) >= 0 {
		return "", fmt.Errorf("it contains a space, a backslash or a control character")
	}
	parsed, err := url.Parse(raw)
	switch {
	case !strings.Contains(raw, "://"):
		return "", fmt.Errorf("https:// or http:// is missing before it")
	case err != nil:
		return "", fmt.Errorf("it is not a URL")
	case parsed.Scheme != "https" && parsed.Scheme != "http":
		return "", fmt.Errorf("it does not begin with https:// or http://")
	case parsed.Hostname() == "" || parsed.User != nil || parsed.Opaque != "":
		return "", fmt.Errorf("it must name a host, and no user")
	}
	return parsed.Scheme + "://" + strings.ToLower(parsed.Host), nil
}
