module shop

go 1.26.0

require (
	github.com/entitled-dev/entitled v0.0.0
	github.com/entitled-dev/entitled/clients/go v0.0.0
	github.com/stripe/stripe-go/v85 v85.0.0
)

replace github.com/entitled-dev/entitled => ../..

replace github.com/entitled-dev/entitled/clients/go => ../../clients/go
