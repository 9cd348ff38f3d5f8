package pages

import (
	"fmt"
	"strconv"
	"strings"
)

// minorDigits are the decimals of the currencies that do not have two at Stripe.
// Stripe counts ISK and UGX in hundredths, although neither has any.
var minorDigits = map[string]int{
	"bif": 0, "clp": 0, "djf": 0, "gnf": 0, "jpy": 0, "kmf": 0, "krw": 0, "mga": 0,
	"pyg": 0, "rwf": 0, "vnd": 0, "vuv": 0, "xaf": 0, "xof": 0, "xpf": 0,
	"bhd": 3, "jod": 3, "kwd": 3, "omr": 3, "tnd": 3,
}

// signs are those that readers everywhere take for one currency. "$" alone is the
// US dollar: the others say whose they are.
var signs = map[string]string{
	"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥", "inr": "₹", "krw": "₩", "ils": "₪", "vnd": "₫",
	"aud": "A$", "cad": "CA$", "nzd": "NZ$", "hkd": "HK$", "brl": "R$", "mxn": "MX$",
}

// money writes an amount in minor units for a reader: "$12", "€1,234.50",
// "¥1,500", "KWD 1.250". A whole amount goes without its zeros.
func money(amount int64, currency string) string {
	currency = strings.ToLower(currency)
	digits, special := minorDigits[currency]
	if !special {
		digits = 2
	}
	minus, rest := "", uint64(amount)
	if amount < 0 {
		minus, rest = "-", -uint64(amount) // right for the least int64, too
	}
	unit := uint64(1)
	for range digits {
		unit *= 10
	}
	text := grouped(rest / unit)
	if fraction := rest % unit; fraction != 0 {
		text += fmt.Sprintf(".%0*d", digits, fraction)
	}
	if sign, known := signs[currency]; known {
		return minus + sign + text
	}
	// The space does not break: an amount stays on one line.
	return minus + strings.ToUpper(currency) + "\u00a0" + text
}

// grouped writes thousands apart: "10,000".
func grouped(n uint64) string {
	text := strconv.FormatUint(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
