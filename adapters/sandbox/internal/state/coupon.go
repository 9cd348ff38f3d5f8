package state

// Coupon is what takes a share or an amount off.
type Coupon struct {
	ID, Name, Currency, Duration string
	Percent                      int64 // hundredths of a percent, 0 for an amount
	Amount                       int64 // minor units, 0 for a percentage
	Months                       int64 // of a repeating one
	MaxRedemptions, Redeemed     int64 // how often it may be, and was, redeemed; 0 for no limit
	RedeemBy                     int64
	Metadata                     map[string]string
	Created                      int64
	Deleted                      bool
}

// LiveCoupon is nil for an unknown or a deleted coupon.
func (a *Account) LiveCoupon(id string) *Coupon {
	if co := a.Coupons.Get(id); co != nil && !co.Deleted {
		return co
	}
	return nil
}

// Valid tells whether the coupon can still be redeemed.
func (co *Coupon) Valid(now int64) bool {
	return !co.Deleted && (co.MaxRedemptions == 0 || co.Redeemed < co.MaxRedemptions) && (co.RedeemBy == 0 || now < co.RedeemBy)
}
