// Follows an order until it is settled. That the buyer is here proves nothing: the
// page says what the order's status says.

import { ask, pause, Problem } from './api.js';
import { watch } from './entitlements.js';
import { planName } from './names.js';

// How long the page follows by itself, before it offers to look again.
const patience = 5 * 60_000;
const bankPatience = 30 * 60_000;
// The longest pause between two looks.
const slowest = 10_000;

const status = document.querySelector('#status');
const headline = document.querySelector('#headline');
const detail = document.querySelector('#detail');
const again = document.querySelector('#again');
const next = document.querySelector('#next');
const held = document.querySelector('#held');

// What each status means to the buyer: a headline and a sentence.
const words = {
  paid: (plan) => [`You now have ${plan}`, 'Stripe has confirmed your order. This is what you hold now.'],
  awaiting_payment: () => ['Your bank is working on it', 'The order is placed and the money is under way. This page updates by itself.'],
  payment_failed: () => ['The payment failed', 'The money did not arrive, so nothing was granted. You can choose the plan again and pay another way.'],
  expired: () => ['The payment page has expired', 'Nothing was bought. You can choose the plan again.'],
};
const waiting = () => ['Waiting for your payment', 'Stripe tells us when it is confirmed. That takes a few seconds as a rule.'];

// A status that came up after this page was written: nothing to promise.
const other = (plan, status) => [`Your order of ${plan}: ${status}`, 'What you hold is listed under “My entitlements”.'];

const isOpen = (order) => order.status === 'pending' || order.status === 'open';
const hasEnded = (order) => !isOpen(order) && order.status !== 'awaiting_payment';

async function follow(id) {
  again.hidden = true;
  const began = Date.now();
  let rest = 1000;
  let asked = false; // whether Stripe itself was asked
  for (;;) {
    let order = null;
    try {
      order = await ask('GET', `${pathOf(id)}?wait=20s`, { patience: 40_000 });
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
    if (order && hasEnded(order)) {
      finish(order);
      return;
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

function show(order, asked) {
  const [head, text] = (words[order.status] ?? (isOpen(order) ? waiting : other))(planName(order.plan), order.status);
  say(order.status, head, asked && isOpen(order) ? 'We have asked Stripe directly: it is not paid yet. This page keeps looking.' : text);
}

function finish(order) {
  if (order.status !== 'paid') {
    next.hidden = false;
    return;
  }
  held.hidden = false;
  watch();
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
  say('error', head, text);
  next.hidden = false;
}

// say leaves an unchanged text alone, so that it is not read out again.
function say(state, head, text) {
  delete status.dataset.resting;
  status.dataset.status = state;
  if (headline.textContent !== head) {
    headline.textContent = head;
    document.title = `${head} · entitled`;
  }
  if (detail.textContent !== text) {
    detail.textContent = text;
  }
}

const id = new URLSearchParams(location.search).get('order_id');
if (id) {
  document.querySelector('#order-id').textContent = id;
  document.querySelector('#order').hidden = false;
  again.querySelector('button').addEventListener('click', () => follow(id));
  follow(id);
} else {
  location.replace('/me'); // back from a change, which is no order
}
