package wire

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// MinorDigits are the decimals of the currencies that do not have two.
var MinorDigits = map[string]int{
	"bif": 0, "clp": 0, "djf": 0, "gnf": 0, "jpy": 0, "kmf": 0, "krw": 0, "mga": 0, "pyg": 0, "rwf": 0,
	"vnd": 0, "vuv": 0, "xaf": 0, "xof": 0, "xpf": 0,
	"bhd": 3, "jod": 3, "kwd": 3, "omr": 3, "tnd": 3,
}

var currencySigns = map[string]string{"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}

// FormatAmount writes an amount in minor units for a reader: "$1,234.50",
// "¥1,500", "KWD 1.250".
func FormatAmount(amount int64, currency string) string {
	sign := ""
	if amount < 0 {
		sign, amount = "-", -amount
	}
	digits, ok := MinorDigits[currency]
	if !ok {
		digits = 2
	}
	unit := int64(1)
	for range digits {
		unit *= 10
	}
	whole := strconv.FormatInt(amount/unit, 10)
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if digits > 0 {
		whole += fmt.Sprintf(".%0*d", digits, amount%unit)
	}
	if symbol, ok := currencySigns[currency]; ok {
		return sign + symbol + whole
	}
	return strings.ToUpper(currency) + " " + sign + whole
}

// Stripe's amounts have at most eight digits.
const MaxAmount = 99_999_999

// CurrencyCode is what ISO 4217's codes look like at Stripe.
var CurrencyCode = regexp.MustCompile(`^[a-z]{3}$`)
