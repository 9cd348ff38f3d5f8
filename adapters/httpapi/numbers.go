package httpapi

import (
	"bytes"
	"strconv"
	"strings"
)

// plainNumbers writes the whole numbers of a JSON text without fraction and exponent:
// 1.0 and 1e0 are the same number as 1 to JSON, and some clients have no other, but Go
// reads only the last as an integer. What is no whole number stays as it is. The text is
// valid JSON.
func plainNumbers(text []byte) []byte {
	if !bytes.ContainsAny(text, ".eE") {
		return text
	}
	plain := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		end := i + 1
		switch c := text[i]; {
		case c == '"':
			end = i + stringLength(text[i:])
			plain = append(plain, text[i:end]...)
		case c == '-' || '0' <= c && c <= '9':
			for end < len(text) && strings.IndexByte("0123456789+-.eE", text[end]) >= 0 {
				end++
			}
			plain = append(plain, plainNumber(string(text[i:end]))...)
		default:
			plain = append(plain, c)
		}
		i = end
	}
	return plain
}

// stringLength is that of the JSON string at the beginning of a text, with its quotes.
func stringLength(text []byte) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

// mostDigits are those of the largest number that a request may name.
const mostDigits = 19

func plainNumber(literal string) string {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(literal), "e")
	shift := 0
	if exponent != "" {
		var err error
		if shift, err = strconv.Atoi(exponent); err != nil {
			return literal // larger than any int
		}
	}
	sign := ""
	if rest, negative := strings.CutPrefix(mantissa, "-"); negative {
		sign, mantissa = "-", rest
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+strings.TrimRight(fraction, "0"), "0")
	shift -= len(strings.TrimRight(fraction, "0"))
	if digits == "" {
		return "0"
	}
	for shift < 0 && strings.HasSuffix(digits, "0") {
		digits, shift = strings.TrimSuffix(digits, "0"), shift+1
	}
	if shift < 0 || shift > mostDigits || len(digits)+shift > mostDigits {
		return literal
	}
	return sign + digits + strings.Repeat("0", shift)
}
