package ports

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/entitled-dev/entitled/domain"
)

// Buyer is what invoices and receipts call a user. It is never a key for anything, and kept
// by nobody but Stripe. What is empty is not said.
type Buyer struct {
	Email string
	Name  string
}

// ErrBuyerRefused is an [ErrGatewayRefused]: Stripe does not take the e-mail address.
var ErrBuyerRefused = fmt.Errorf("%w: the buyer's e-mail address is not accepted", ErrGatewayRefused)

// What Stripe takes, in characters.
const (
	MaxEmail     = 512
	MaxBuyerName = 256
)

// Check says what is wrong with a buyer, and how to mend it.
func (b Buyer) Check() error {
	address, err := mail.ParseAddress(b.Email)
	switch {
	case b.Email != "" && (err != nil || address.Address != b.Email || utf8.RuneCountInString(b.Email) > MaxEmail):
		return fmt.Errorf("email is one address such as ada@example.com, of at most %d characters", MaxEmail)
	case utf8.RuneCountInString(b.Name) > MaxBuyerName || !utf8.ValidString(b.Name) || strings.ContainsFunc(b.Name, unicode.IsControl):
		return fmt.Errorf("name has at most %d characters, and no control characters", MaxBuyerName)
	case b.Name != "" && strings.TrimSpace(b.Name) == "":
		return errors.New("name is blank: leave it out")
	default:
		return nil
	}
}

// BuyerRequest asks that a customer be called as its buyer is.
type BuyerRequest struct {
	Customer   domain.CustomerID
	User       domain.UserID // whom the customer has to be made for
	Deployment domain.DeploymentID
	Buyer      Buyer
}

// Buyers is the part of the gateway that is about what customers are called.
type Buyers interface {
	// NameBuyer makes the e-mail address and the name of a customer those of its buyer,
	// where they are said and differ. A customer that says it was made for somebody else,
	// or by another deployment, is left alone. [ErrNotFound]: there is none, or none any
	// more. [ErrBuyerRefused].
	NameBuyer(ctx context.Context, r BuyerRequest) error
}
