package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// What is measured needs a past: it is kept in SQL, as through the API it would take
// longer than what is to be measured. Each row says which purchase it is of, as the
// service keeps it: what says nothing is read with all of its account.

// seeded are users of one name, with what they have bought.
type seeded struct {
	name  string // user_NAME_1, cus_NAME_1, ...
	users int64
}

// seedUsers keeps users who are customers, and have bought nothing.
func seedUsers(tb testing.TB, database, name string, users int64) seeded {
	tb.Helper()
	s := seeded{name, users}
	s.exec(tb, database, users, `
INSERT INTO accounts (user_id, customer_id, customer_key) SELECT 'user_NAME_' || n, 'cus_NAME_' || n, 'key' || n FROM SERIES;
INSERT INTO refs (kind, id, user_id) SELECT 'customer', 'cus_NAME_' || n, 'user_NAME_' || n FROM SERIES`)
	return s
}

// exec runs statements with the name in place of NAME, numbers from 1 up in place of
// SERIES, and in place of OWNER whose the n-th of something is: users take turns.
func (s seeded) exec(tb testing.TB, database string, count int64, sql string) {
	tb.Helper()
	// As this program keeps facts: what any other writes is read with all of its account.
	execSQL(tb, database, "SET entitled.purchases = 'apart';"+strings.NewReplacer(
		"NAME", s.name,
		"SERIES", fmt.Sprintf("generate_series(1, %d) AS n", count),
		"OWNER", fmt.Sprintf("((n - 1) %% %d + 1)", s.users),
	).Replace(sql))
}

func (s seeded) owner(n int64) string { return fmt.Sprintf("user_%s_%d", s.name, (n-1)%s.users+1) }

// opens keeps checkouts that are open, and returns the events that they are paid.
func (s seeded) opens(tb testing.TB, database string, count int64) *events {
	tb.Helper()
	s.exec(tb, database, count, `
INSERT INTO orders (id, user_id, purchase, plan, price, mode, quantity, status, price_id, trial_days, success_url, cancel_url, locale, expires_at, attempt,
  client_key, fingerprint, session_id, session_url, subscription_id, payment_intent_id, created_at, may_be_twice)
  SELECT 'ord_NAME_' || n, 'user_NAME_' || OWNER, 'ord_NAME_' || n, 'basic', 'once', 'payment', 1, 'open', 'price_basic', 0, 'https://app.example/', 'https://app.example/', '', now() + interval '1 day', 0,
  '', 'f', 'cs_test_NAME_' || n, 'https://checkout.example/', '', '', now(), false FROM SERIES;
INSERT INTO refs (kind, id, user_id, purchase) SELECT kind, prefix || 'NAME_' || n, 'user_NAME_' || OWNER, 'ord_NAME_' || n
  FROM SERIES, (VALUES ('order', 'ord_'), ('checkout_session', 'cs_test_')) AS names (kind, prefix);
INSERT INTO questions (kind, id, due, attempts) SELECT 'completion', 'ord_NAME_' || n, now() + interval '1 day 1 hour', 0 FROM SERIES`)
	return &events{count: count, body: func(n int64) []byte {
		return sessionCompleted(fmt.Sprintf("%s_%d", s.name, n), s.owner(n))
	}}
}

// bought keeps one-time purchases that are long paid, each with the right that it gives. The
// first one was given back.
func (s seeded) bought(tb testing.TB, database string, count int64) {
	tb.Helper()
	s.exec(tb, database, count, `
INSERT INTO orders (id, user_id, purchase, plan, price, mode, quantity, status, price_id, trial_days, success_url, cancel_url, locale, expires_at, attempt,
  client_key, fingerprint, session_id, session_url, subscription_id, payment_intent_id, created_at, paid_at, may_be_twice)
  SELECT 'ord_was_NAME_' || n, 'user_NAME_' || OWNER, 'ord_was_NAME_' || n, 'basic', 'once', 'payment', 1, 'paid', 'price_basic', 0, 'https://app.example/', 'https://app.example/', '', now() - interval '99 days', 0,
  '', 'f', 'cs_test_was_NAME_' || n, '', '', 'pi_was_NAME_' || n, now() - interval '100 days', now() - interval '100 days', false FROM SERIES;
INSERT INTO payments (id, user_id, purchase, order_id, amount, currency)
  SELECT 'pi_was_NAME_' || n, 'user_NAME_' || OWNER, 'ord_was_NAME_' || n, 'ord_was_NAME_' || n, 1900, 'usd' FROM SERIES;
INSERT INTO charges (id, user_id, purchase, payment_intent_id, invoice_id, amount, refunded, currency, seen_at)
  SELECT 'ch_was_NAME_' || n, 'user_NAME_' || OWNER, 'ord_was_NAME_' || n, 'pi_was_NAME_' || n, '', 1900, CASE n WHEN 1 THEN 1900 ELSE 0 END, 'usd', now() - interval '100 days' FROM SERIES;
INSERT INTO refs (kind, id, user_id, purchase) SELECT kind, prefix || 'was_NAME_' || n, 'user_NAME_' || OWNER, 'ord_was_NAME_' || n
  FROM SERIES, (VALUES ('order', 'ord_'), ('checkout_session', 'cs_test_'), ('payment_intent', 'pi_'), ('charge', 'ch_')) AS names (kind, prefix);
INSERT INTO entitlements (user_id, purchase, feature, source_kind, source_id, plan, value_type, value_limit, since)
  SELECT 'user_NAME_' || OWNER, 'ord_was_NAME_' || n, 'projects', 'order', 'ord_was_NAME_' || n, 'basic', 'limit', 10, now() - interval '100 days' FROM SERIES WHERE n > 1`)
}

// wasTold keeps a receipt of 3 KB and a change of a right for each purchase of [bought].
func (s seeded) wasTold(tb testing.TB, database string, count int64) {
	tb.Helper()
	s.exec(tb, database, count, `
INSERT INTO entitlement_changes (user_id, kind, feature, source_kind, source_id, plan, value_type, value_limit, since, event_id, at)
  SELECT 'user_NAME_' || OWNER, 'granted', 'projects', 'order', 'ord_was_NAME_' || n, 'basic', 'limit', 10, now() - interval '100 days', 'evt_was_NAME_' || n, now() - interval '100 days' FROM SERIES;
INSERT INTO processed_events (id, type, object, user_id, created_at, received_at, processed_at, api_version, livemode, outcome, reason, attempts, payload)
  SELECT 'evt_was_NAME_' || n, 'checkout.session.completed', 'cs_test_was_NAME_' || n, 'user_NAME_' || OWNER, now() - interval '100 days', now() - interval '100 days', now() - interval '100 days',
  '2023-10-16', false, 'applied', '', 1, convert_to((SELECT string_agg(md5((n + i)::text) || '                ', '') FROM generate_series(1, 64) AS i), 'UTF8') FROM SERIES`)
}

// subscribed gives each user a subscription that is billed each day, with so many invoices
// paid, the last for yesterday, and returns the events that the following are: from today on,
// of one user after the other.
func (s seeded) subscribed(tb testing.TB, database string, invoices, following int64) *events {
	tb.Helper()
	first := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -int(invoices))
	past := strings.NewReplacer(
		"FIRST", fmt.Sprintf("timestamptz '%s'", first.Format(time.RFC3339)),
		"EACH", fmt.Sprintf("SERIES, generate_series(1, %d) AS i", invoices),
		"ALL", fmt.Sprint(invoices),
		"TEXT", `'YYYY-MM-DD HH24:MI:SS"+00:00"'`)
	s.exec(tb, database, s.users, past.Replace(`
SET TimeZone = 'UTC';
UPDATE accounts SET meanings = '{"price_pro":"pro"}' WHERE user_id IN (SELECT 'user_NAME_' || n FROM SERIES);
INSERT INTO orders (id, user_id, purchase, plan, price, mode, quantity, status, price_id, trial_days, success_url, cancel_url, locale, expires_at, attempt,
  client_key, fingerprint, session_id, session_url, subscription_id, payment_intent_id, created_at, paid_at, may_be_twice)
  SELECT 'ord_NAME_' || n, 'user_NAME_' || n, 'ord_NAME_' || n, 'pro', 'monthly', 'subscription', 1, 'paid', 'price_pro', 0, 'https://app.example/', 'https://app.example/', '', FIRST + interval '1 day', 0,
  '', 'f', 'cs_test_NAME_' || n, '', 'sub_NAME_' || n, '', FIRST, FIRST, false FROM SERIES;
INSERT INTO subscriptions (id, user_id, purchase, order_id, customer_id, status, items, started_at, period_start, period_end, cancel_at_period_end, seen_at, precedence)
  SELECT 'sub_NAME_' || n, 'user_NAME_' || n, 'ord_NAME_' || n, 'ord_NAME_' || n, 'cus_NAME_' || n, 'active', json_build_array(json_build_object(
    'id', 'si_NAME_' || n, 'price', 'price_pro', 'lookup_key', 'pro_monthly', 'product', 'prod_pro', 'quantity', 1,
    'period_start', to_char(FIRST + interval '1 day' * ALL, TEXT), 'period_end', to_char(FIRST + interval '1 day' * (ALL + 1), TEXT)))::text,
  FIRST, FIRST + interval '1 day' * ALL, FIRST + interval '1 day' * (ALL + 1), false, FIRST + interval '1 day' * ALL, 2 FROM SERIES;
INSERT INTO invoices (id, user_id, purchase, subscription_id, status, billing_reason, collection_method, currency, total, amount_due, amount_paid,
  starting_balance, ending_balance, created_at, finalized_at, paid_at, first_seen_at, seen_at, complete, lines)
  SELECT 'in_NAME_' || n || '_' || i, 'user_NAME_' || n, 'ord_NAME_' || n, 'sub_NAME_' || n, 'paid', 'subscription_cycle', 'charge_automatically', 'usd', 2900, 2900, 2900,
  0, 0, FIRST + interval '1 day' * (i - 1), FIRST + interval '1 day' * (i - 1), FIRST + interval '1 day' * (i - 1), FIRST + interval '1 day' * (i - 1), FIRST + interval '1 day' * (i - 1), true,
  json_build_array(json_build_object('id', 'il_NAME_' || n || '_' || i, 'kind', 'cycle', 'item', 'si_NAME_' || n, 'price', 'price_pro', 'product', 'prod_pro', 'quantity', 1, 'amount', 2900,
    'from', to_char(FIRST + interval '1 day' * (i - 1), TEXT), 'until', to_char(FIRST + interval '1 day' * i, TEXT)))::text FROM EACH;
INSERT INTO invoice_payments (id, user_id, purchase, invoice_id)
  SELECT 'pi_NAME_' || n || '_' || i, 'user_NAME_' || n, 'ord_NAME_' || n, 'in_NAME_' || n || '_' || i FROM EACH;
INSERT INTO charges (id, user_id, purchase, payment_intent_id, invoice_id, amount, refunded, currency, seen_at)
  SELECT 'ch_NAME_' || n || '_' || i, 'user_NAME_' || n, 'ord_NAME_' || n, 'pi_NAME_' || n || '_' || i, 'in_NAME_' || n || '_' || i, 2900, 0, 'usd', FIRST + interval '1 day' * (i - 1) FROM EACH;
INSERT INTO refs (kind, id, user_id, purchase) SELECT kind, prefix || 'NAME_' || n, 'user_NAME_' || n, 'ord_NAME_' || n
  FROM SERIES, (VALUES ('order', 'ord_'), ('checkout_session', 'cs_test_'), ('subscription', 'sub_')) AS names (kind, prefix);
INSERT INTO refs (kind, id, user_id, purchase) SELECT kind, prefix || 'NAME_' || n || '_' || i, 'user_NAME_' || n, 'ord_NAME_' || n
  FROM EACH, (VALUES ('invoice', 'in_'), ('payment_intent', 'pi_'), ('charge', 'ch_')) AS names (kind, prefix)`))
	return &events{count: following, body: func(n int64) []byte {
		user, i := (n-1)%s.users+1, invoices+1+(n-1)/s.users
		return invoicePaid(fmt.Sprintf("%s_%d", s.name, user), i, first.AddDate(0, 0, int(i)-1))
	}}
}

// vacuum leaves a database as one that has run for a while.
func vacuum(tb testing.TB, database string) {
	tb.Helper()
	execSQL(tb, database, "VACUUM ANALYZE; CHECKPOINT")
}

// seedBuyers keeps users with an open order each, and returns the events that these are paid.
func seedBuyers(tb testing.TB, database string, count int64) *events {
	tb.Helper()
	paid := seedUsers(tb, database, "bench", count).opens(tb, database, count)
	vacuum(tb, database)
	return paid
}

// seedHolders keeps users with one right each.
func seedHolders(tb testing.TB, database string, count int64) {
	tb.Helper()
	execSQL(tb, database, fmt.Sprintf(`
INSERT INTO accounts (user_id) SELECT 'user_bench_' || n FROM generate_series(1, %[1]d) AS n;
INSERT INTO entitlements (user_id, purchase, feature, source_kind, source_id, plan, value_type, value_limit, since, until)
  SELECT 'user_bench_' || n, 'ord_bench_' || n, 'projects', 'order', 'ord_bench_' || n, 'basic', 'limit', 10, now() - interval '1 day', now() + interval '1 year' FROM generate_series(1, %[1]d) AS n`, count))
	vacuum(tb, database)
}

// completedEvent is the purchase of a user of [seedBuyers].
func completedEvent(n int64) []byte {
	return sessionCompleted(fmt.Sprintf("bench_%d", n), fmt.Sprintf("user_bench_%d", n))
}

// sessionCompleted is a purchase as Stripe tells it, 3 KB long as such events are.
func sessionCompleted(order, user string) []byte {
	return fmt.Appendf(nil, `{"id":"evt_%[1]s","object":"event","api_version":"2023-10-16","created":1764000000,"livemode":false,"pending_webhooks":1,
"request":{"id":null,"idempotency_key":null},"type":"checkout.session.completed","data":{"object":{"id":"cs_test_%[1]s","object":"checkout.session",
"after_expiration":null,"allow_promotion_codes":null,"amount_subtotal":1900,"amount_total":1900,"automatic_tax":{"enabled":false,"liability":null,"status":null},
"billing_address_collection":null,"cancel_url":"https://app.example/","client_reference_id":"ord_%[1]s","consent":null,"consent_collection":null,"created":1763999900,
"currency":"usd","currency_conversion":null,"custom_fields":[],"custom_text":{"after_submit":null,"shipping_address":null,"submit":null,"terms_of_service_acceptance":null},
"customer":"%[3]s","customer_creation":null,"customer_details":{"address":{"city":null,"country":"DE","line1":null,"line2":null,"postal_code":null,"state":null},"email":"%[2]s@example.com","name":"Buyer","phone":null,"tax_exempt":"none","tax_ids":[]},
"customer_email":null,"expires_at":1764086300,"invoice":null,"invoice_creation":{"enabled":false,"invoice_data":{"account_tax_ids":null,"custom_fields":null,"description":null,"footer":null,"issuer":null,"metadata":{},"rendering_options":null}},
"livemode":false,"locale":null,"metadata":{"order_id":"ord_%[1]s","user_id":"%[2]s","plan":"basic"},"mode":"payment","payment_intent":"pi_%[1]s","payment_link":null,"payment_method_collection":"if_required",
"payment_method_configuration_details":null,"payment_method_options":{"card":{"request_three_d_secure":"automatic"}},"payment_method_types":["card"],"payment_status":"paid","phone_number_collection":{"enabled":false},
"recovered_from":null,"saved_payment_method_options":{"allow_redisplay_filters":["always"],"payment_method_save":null},"setup_intent":null,"shipping_address_collection":null,"shipping_cost":null,"shipping_details":null,"shipping_options":[],
"status":"complete","submit_type":null,"subscription":null,"success_url":"https://app.example/?order_id=ord_%[1]s","total_details":{"amount_discount":0,"amount_shipping":0,"amount_tax":0},"ui_mode":"hosted","url":null,"padding":"%[4]s"}}}`,
		order, user, customerOf(user), strings.Repeat("x", 600))
}

func customerOf(user string) string { return "cus" + strings.TrimPrefix(user, "user") }

// invoicePaid is the payment of a subscription's i-th invoice, which is for the day from a
// time on, as Stripe tells it, 3 KB long.
func invoicePaid(subscription string, i int64, from time.Time) []byte {
	return fmt.Appendf(nil, `{"id":"evt_%[1]s_%[2]d","object":"event","api_version":"2023-10-16","created":%[5]d,"livemode":false,"pending_webhooks":1,
"request":{"id":null,"idempotency_key":null},"type":"invoice.paid","data":{"object":{"id":"in_%[1]s_%[2]d","object":"invoice","account_country":"DE","account_name":"Example","account_tax_ids":null,
"amount_due":2900,"amount_paid":2900,"amount_remaining":0,"amount_shipping":0,"application":null,"application_fee_amount":null,"attempt_count":1,"attempted":true,"auto_advance":false,"automatic_tax":{"enabled":false,"liability":null,"status":null},
"billing_reason":"subscription_cycle","charge":"ch_%[1]s_%[2]d","collection_method":"charge_automatically","created":%[3]d,"currency":"usd","custom_fields":null,"customer":"cus_%[1]s","customer_address":null,"customer_email":"buyer@example.com","customer_name":"Buyer",
"customer_phone":null,"customer_shipping":null,"customer_tax_exempt":"none","customer_tax_ids":[],"default_payment_method":null,"default_source":null,"default_tax_rates":[],"description":null,"discount":null,"discounts":[],"due_date":null,"effective_at":%[3]d,
"ending_balance":0,"footer":null,"from_invoice":null,"hosted_invoice_url":"https://invoice.example/in_%[1]s_%[2]d","invoice_pdf":"https://invoice.example/in_%[1]s_%[2]d/pdf","issuer":{"type":"self"},"last_finalization_error":null,"latest_revision":null,
"lines":{"object":"list","data":[{"id":"il_%[1]s_%[2]d","object":"line_item","amount":2900,"amount_excluding_tax":2900,"currency":"usd","description":"1 x Pro","discount_amounts":[],"discountable":true,"discounts":[],"invoice":"in_%[1]s_%[2]d","livemode":false,"metadata":{},
"period":{"end":%[4]d,"start":%[3]d},"plan":null,"price":{"id":"price_pro","object":"price","active":true,"billing_scheme":"per_unit","created":1700000000,"currency":"usd","custom_unit_amount":null,"livemode":false,"lookup_key":"pro_monthly","metadata":{},"nickname":null,"product":"prod_pro",
"recurring":{"aggregate_usage":null,"interval":"day","interval_count":1,"trial_period_days":null,"usage_type":"licensed"},"tax_behavior":"unspecified","tiers_mode":null,"transform_quantity":null,"type":"recurring","unit_amount":2900,"unit_amount_decimal":"2900"},
"proration":false,"proration_details":{"credited_items":null},"quantity":1,"subscription":"sub_%[1]s","subscription_item":"si_%[1]s","tax_amounts":[],"tax_rates":[],"type":"subscription","unit_amount_excluding_tax":"2900"}],"has_more":false,"total_count":1,"url":"/v1/invoices/in_%[1]s_%[2]d/lines"},
"livemode":false,"metadata":{},"next_payment_attempt":null,"number":"E-%[2]d","on_behalf_of":null,"paid":true,"paid_out_of_band":false,"payment_intent":"pi_%[1]s_%[2]d","payment_settings":{"default_mandate":null,"payment_method_options":null,"payment_method_types":null},
"period_end":%[3]d,"period_start":%[3]d,"post_payment_credit_notes_amount":0,"pre_payment_credit_notes_amount":0,"quote":null,"receipt_number":null,"rendering":null,"shipping_cost":null,"shipping_details":null,"starting_balance":0,"statement_descriptor":null,"status":"paid",
"status_transitions":{"finalized_at":%[3]d,"marked_uncollectible_at":null,"paid_at":%[3]d,"voided_at":null},"subscription":"sub_%[1]s","subtotal":2900,"tax":null,"test_clock":null,"total":2900,"total_discount_amounts":[],"total_tax_amounts":[],"transfer_data":null,"webhooks_delivered_at":null}}}`,
		subscription, i, from.Unix(), from.AddDate(0, 0, 1).Unix(), max(from.Unix(), time.Now().Unix()))
}
