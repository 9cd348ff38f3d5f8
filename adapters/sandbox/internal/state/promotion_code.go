package state

// PromotionCode is what a buyer types in to have a coupon.
type PromotionCode struct {
	ID, Code, Coupon, Customer string
	Active                     bool
	ExpiresAt                  int64
	MaxRedemptions, Redeemed   int64
	FirstTime                  bool  // for customers who have paid nothing yet
	LeastAmount                int64 // minor units of LeastCurrency
	LeastCurrency              string
	Metadata                   map[string]string
	Created                    int64
}

// Redeemable tells whether the code can still be redeemed: it is not active without that.
func (a *Account) Redeemable(pc *PromotionCode, now int64) bool {
	return pc.Active && (pc.ExpiresAt == 0 || now < pc.ExpiresAt) && (pc.MaxRedemptions == 0 || pc.Redeemed < pc.MaxRedemptions) && a.Coupons.Get(pc.Coupon).Valid(now)
}
