package sandbox

import (
	"crypto/sha256"
	"strings"
)

// knownDebit is Stripe's name of a bank account that pays.
const knownDebit = "pm_usBankAccount_success"

// method is the one with the id. Stripe's test methods make a new one each time; nil
// for none.
func (s *Sandbox) method(id string) *paymentMethod {
	if name, is := strings.CutPrefix(id, "pm_card_"); is && cardsByName[name] != nil {
		return s.addCard(cardsByName[name].number, s.now().AddDate(1, 0, 0))
	}
	if id == knownDebit {
		return s.addMethod(&paymentMethod{kind: "us_bank_account"})
	}
	return s.paymentMethods.get(id)
}

// known tells whether there is a method with the id, without making one.
func (s *Sandbox) known(id string) bool {
	name, is := strings.CutPrefix(id, "pm_card_")
	return is && cardsByName[name] != nil || id == knownDebit || s.paymentMethods.get(id) != nil
}

// fingerprint is the same for the same number, and says nothing else.
func fingerprint(number string) string {
	sum := sha256.Sum256([]byte(number))
	out := make([]byte, 16)
	for i := range out {
		out[i] = base62[int(sum[i])%62]
	}
	return string(out)
}
