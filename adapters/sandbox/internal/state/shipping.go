package state

// Shipping is where a payment's goods go.
type Shipping struct {
	Name, Phone, Carrier, Tracking string
	Address                        map[string]string
}
