// Follows an order until it is settled, and on: its money may still go back. That the
// buyer is here proves nothing: the page says what the order's status says.

import { ask, pause, Problem, visible } from './api.js';
import { find, say, sound } from './dom.js';
import { watch } from './entitlements.js';
import { planName } from './words.js';

// How long the page follows by itself, before it offers to look again.
const patience = 5 * 60_000;
const bankPatience = 30 * 60_000;
// The longest pause between two looks, and the pause once it is paid.
const slowest = 10_000;
const settledPause = 5_000;

const status = find('#status');
const headline = find('#headline');
const detail = find('#detail');
const again = find('#again');
const held = find('#held');

let rights = null; // what the buyer holds; null before it was read

// What each status means to the buyer: a headline and a sentence.
const words = {
  paid: (plan) => [`You now have ${plan}`, 'Stripe has confirmed your order. This is what you hold now.'],
  awaiting_payment: () => ['Your bank is working on it', 'The order is placed and the money is under way. This page updates by itself.'],
  payment_failed: () => ['The payment failed', 'The money did not arrive, so nothing was granted. You can choose the plan again and pay another way.'],
  expired: () => ['The payment page has expired', 'Nothing was bought. You can choose the plan again.'],
  refunded: (plan) => [`Your order of ${plan} was refunded`, 'All of the money went back to you.'],
  disputed: (plan) => [`Your order of ${plan} is disputed`, 'Your bank took the money back. What you bought rests until that is decided.'],
  charged_back: (plan) => [`Your order of ${plan} was charged back`, 'Your bank has decided that the money stays with you.'],
};
const waiting = () => ['Waiting for your payment', 'Stripe tells us when it is confirmed. That takes a few seconds as a rule.'];
// Paid, and the plan gives nothing: it has ended since, or something is overdue.
const spent = (plan) => [`Your order of ${plan} is paid`, 'It gives you nothing at this moment. “My account” says how it stands.'];

// A status that came up after this page was written: nothing to promise.
const other = (plan, status) => [`Your order of ${plan}: ${status}`, 'What you hold is listed under “My account”.'];

const isOpen = (order) => order.status === 'pending' || order.status === 'open';
const isUnderWay = (order) => isOpen(order) || order.status === 'awaiting_payment';
// Whose money may still move.
const mayMove = (order) => order.status === 'paid' || order.status === 'disputed';

async function follow(id) {
  again.hidden = true;
  const began = Date.now();
  let rest = 1000;
  let wait = '3s'; // at first: who has not paid looks for the way there, and a lost message is best asked for soon
  let asked = false; // whether Stripe itself was asked
  for (;;) {
    let order = null;
    try {
      order = await ask('GET', `${pathOf(id)}?wait=${wait}`, { patience: 40_000 });
      wait = '20s';
      if (isOpen(order) || (order.status === 'awaiting_payment' && rest === slowest)) {
        show(order, asked);
        // The message may be late, or lost: ask Stripe directly.
        order = await ask('POST', `${pathOf(id)}/sync`, { body: {}, patience: 40_000 });
        asked = true;
      }
      show(order, asked);
    } catch (problem) {
      if (!(problem instanceof Problem)) {
        throw problem; // a fault of this page, not of the service
      }
      if ([400, 401, 403, 404].includes(problem.status)) {
        refuse(problem);
        return;
      }
      // Anything else may pass. What the order said last stays on the page.
      detail.textContent = `${problem.message} Trying again by itself…`;
    }
    if (order && !isUnderWay(order)) {
      showHeld(order);
      if (!mayMove(order)) {
        return;
      }
      await pause(settledPause);
      await visible();
      continue;
    }
    const late = Date.now() - began > (order?.status === 'awaiting_payment' ? bankPatience : patience);
    if (late) {
      giveUp();
      return;
    }
    await pause(rest);
    rest = Math.min(rest * 1.25, slowest);
  }
}

const pathOf = (id) => `/api/orders/${encodeURIComponent(id)}`;

let shown = null; // the order on the page

function show(order, asked) {
  shown = order;
  const gives = rights === null || rights.some((right) => (right.sources ?? []).some((source) => source.plan === order.plan));
  const wording = order.status === 'paid' && !gives ? spent : words[order.status] ?? (isOpen(order) ? waiting : other);
  const [head, text] = wording(planName(order.plan), order.status);
  tell(order.status, head, asked && isOpen(order) ? 'We have asked Stripe directly: it is not paid yet. This page keeps looking.' : text);
  const payable = isOpen(order) && sound(order.url);
  find('#unpaid').hidden = !payable;
  if (payable) {
    find('#unpaid a').href = order.url;
  }
  find('#continue').hidden = order.status !== 'paid';
  find('#next').hidden = isUnderWay(order) || order.status === 'paid';
}

let watching = false;

// showHeld lists what is held once something was bought, also when it went back: another
// purchase may give it still.
function showHeld(order) {
  const bought = !['expired', 'payment_failed'].includes(order.status);
  held.hidden = !bought;
  if (bought && !watching) {
    watching = true;
    watch((now) => {
      rights = now;
      show(shown, false);
    });
  }
}

function giveUp() {
  status.dataset.resting = '';
  detail.textContent = 'This takes longer than usual, so the page has stopped looking. Access will come by itself once Stripe confirms the payment.';
  again.hidden = false;
}

function refuse(problem) {
  const head = problem.status === 404 ? 'We do not find this order' : 'This order cannot be shown';
  const text = problem.status === 404
    ? 'It may belong to another session: open this page in the browser that you paid with.'
    : problem.message;
  tell('error', head, text);
  find('#next').hidden = false;
}

function tell(state, head, text) {
  delete status.dataset.resting;
  status.dataset.status = state;
  say(headline, head);
  document.title = `${head} · entitled`;
  say(detail, text);
}

const id = new URLSearchParams(location.search).get('order_id');
if (id) {
  find('#order-id').textContent = id;
  find('#order').hidden = false;
  again.querySelector('button').addEventListener('click', () => follow(id));
  follow(id);
} else {
  location.replace('/me'); // back from a change, which is no order
}
