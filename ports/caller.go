package ports

import (
	"errors"

	"github.com/entitled-dev/entitled/domain"
)

// Role is what a caller may do.
type Role string

const (
	RoleUser  Role = "user"  // reads and buys for itself
	RoleApp   Role = "app"   // the product's back end: reads and buys for any user
	RoleAdmin Role = "admin" // as app, and operates the service
)

// Caller is who asks.
type Caller struct {
	Role Role
	User domain.UserID // of RoleUser
	Name string        // the service key's name, of the other roles
	// Buyer is what the user's token says of RoleUser, where that is configured.
	Buyer Buyer
}

var (
	// ErrNoCredentials: the caller does not say who it is.
	ErrNoCredentials = errors.New("no credentials")
	// ErrBadCredentials: it says so, and cannot prove it.
	ErrBadCredentials = errors.New("credentials are not valid")
	// ErrCrossOrigin: a browser was made to ask by a page of another origin.
	ErrCrossOrigin = errors.New("cross-origin request refused")
	// ErrKeysUnavailable: the keys to check a token with cannot be had now.
	ErrKeysUnavailable = errors.New("keys to check credentials are not available")
)
