package httpapi

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

const signatureHeader = "Stripe-Signature"

// checkSignatureForm refuses what no body could make a valid signature of, so that
// nothing is read of a stranger's body. It takes all that the real check does, which
// follows with the body. The time in it is not looked at: anybody can write one, and
// what to say of a wrong one depends on whose signature it is.
func checkSignatureForm(signature string) error {
	if signature == "" {
		return errUnsigned
	}
	timed, signed := false, false
	for part := range strings.SplitSeq(signature, ",") {
		scheme, value, _ := strings.Cut(part, "=")
		switch scheme {
		case "t":
			_, err := strconv.ParseInt(value, 10, 64)
			timed = err == nil
		case "v1":
			mac, err := hex.DecodeString(value)
			signed = signed || err == nil && len(mac) == 32
		}
	}
	switch {
	case !timed:
		return fmt.Errorf("%w: it has no time", errSignatureForm)
	case !signed:
		return fmt.Errorf("%w: it has no v1 of 64 hexadecimal digits", errSignatureForm)
	default:
		return nil
	}
}
