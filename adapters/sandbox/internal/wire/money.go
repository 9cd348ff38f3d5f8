package wire

import (
	"fmt"
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

// currencies are those that Stripe says it supports where it refuses another, and the two that
// came since (sle, xcg).
const currencies = "usd, aed, afn, all, amd, ang, aoa, ars, aud, awg, azn, bam, bbd, bdt, bgn, bhd, bif, bmd, bnd, bob, brl, bsd, bwp, byn, " +
	"bzd, cad, cdf, chf, clp, cny, cop, crc, cve, czk, djf, dkk, dop, dzd, egp, etb, eur, fjd, fkp, gbp, gel, gip, gmd, gnf, " +
	"gtq, gyd, hkd, hnl, hrk, htg, huf, idr, ils, inr, isk, jmd, jod, jpy, kes, kgs, khr, kmf, krw, kwd, kyd, kzt, lak, lbp, " +
	"lkr, lrd, lsl, mad, mdl, mga, mkd, mmk, mnt, mop, mro, mur, mvr, mwk, mxn, myr, mzn, nad, ngn, nio, nok, npr, nzd, omr, " +
	"pab, pen, pgk, php, pkr, pln, pyg, qar, ron, rsd, rub, rwf, sar, sbd, scr, sek, sgd, shp, sll, sos, srd, std, szl, thb, " +
	"tjs, tnd, top, try, ttd, twd, tzs, uah, ugx, uyu, uzs, vnd, vuv, wst, xaf, xcd, xof, xpf, yer, zar, zmw, ghs, sle, xcg"

var isCurrency = func() map[string]bool {
	known := map[string]bool{}
	for code := range strings.SplitSeq(currencies, ", ") {
		known[code] = true
	}
	return known
}()

// IsCurrency tells whether Stripe takes a code, in lower case.
func IsCurrency(code string) bool { return isCurrency[code] }

// InvalidCurrency is the error of a code that Stripe does not take.
func InvalidCurrency(param, code string) *Error {
	return Invalid(param, "", "Invalid currency: %s. Stripe currently supports these currencies: %s", code, currencies)
}
