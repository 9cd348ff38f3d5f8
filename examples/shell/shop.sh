#!/usr/bin/env bash
# Buys a subscription in the sandbox and lets a month pass, with nothing but curl and grep.
# ENTITLED is the program, if it is not on the PATH.
set -euo pipefail

coproc SANDBOX { exec "${ENTITLED:-entitled}" sandbox --port 0; }
trap 'kill "$SANDBOX_PID" 2>/dev/null; wait' EXIT
read -r line <&"${SANDBOX[0]}"
url=${line#sandbox ready at }

stripe() { curl -sS --fail-with-body -u sk_test_1: "$url/v1/$1" "${@:2}"; }
control() { curl -sS --fail-with-body -X POST "$url/_sandbox/$1" "${@:2}"; }
field() { grep -m1 -o "^  \"$1\": \"[^\"]*" | cut -d'"' -f4; } # of the object itself, as indented

price=$(stripe prices -d currency=usd -d unit_amount=2900 -d 'recurring[interval]=month' -d 'product_data[name]=Pro' | field id)
session=$(stripe checkout/sessions -d mode=subscription -d success_url=https://shop.example/thanks \
  -d "line_items[0][price]=$price" -d 'line_items[0][quantity]=1' | field id)

if control "checkout/sessions/$session/pay" -d '{"card": "declined"}' >/dev/null 2>&1; then
  echo "the card should have been declined" >&2
  exit 1
fi
control "checkout/sessions/$session/pay" >/dev/null
subscription=$(stripe "checkout/sessions/$session" | field subscription)
control "subscriptions/$subscription/renew" -d '{"pays": false}' >/dev/null
status=$(stripe "subscriptions/$subscription" | field status)
echo "after a renewal that failed, $subscription is $status"
[ "$status" = past_due ]
