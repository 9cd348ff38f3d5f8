// Choosing a price, and the way to Stripe's page.

import { ask } from './api.js';

const buttons = [...document.querySelectorAll('button[data-plan]')];
const labels = new Map(buttons.map((button) => [button, button.textContent]));

for (const card of document.querySelectorAll('[data-card]')) {
  for (const radio of card.querySelectorAll('input[type=radio]')) {
    radio.addEventListener('change', () => showPrice(card));
  }
  card.querySelector('button[data-plan]').addEventListener('click', (event) => upgrade(card, event.currentTarget));
}

// What the service says to programs, with ids, in words for a buyer.
const words = {
  not_in_portal: 'Your subscription cannot be changed on this page. Nothing was charged.',
};

// Back from Stripe's page, a browser may show this one as it was left.
window.addEventListener('pageshow', () => setBusy(null));

function chosenPrice(card) {
  const radio = card.querySelector('input[type=radio]:checked');
  return radio ? radio.value : card.querySelector('[data-price]').dataset.price;
}

function showPrice(card) {
  const chosen = chosenPrice(card);
  for (const price of card.querySelectorAll('[data-price]')) {
    price.hidden = price.dataset.price !== chosen;
  }
}

async function upgrade(card, button) {
  const trouble = card.querySelector('[role=alert]');
  trouble.textContent = '';
  const order = {
    price: chosenPrice(card),
    // The service puts the order's id in place of {ORDER_ID}.
    success_url: `${location.origin}/return?order_id={ORDER_ID}`,
    cancel_url: `${location.origin}/?canceled=1`,
  };
  const quantity = card.querySelector('input[type=number]');
  if (quantity) {
    if (quantity.value === '' || !quantity.checkValidity()) {
      trouble.textContent = `Please choose a quantity from 1 to ${quantity.max}.`;
      quantity.focus();
      return;
    }
    order.quantity = quantity.valueAsNumber;
  }
  setBusy(button);
  try {
    const answer = await ask('POST', `/api/checkout/${encodeURIComponent(button.dataset.plan)}`, { body: order });
    if (answer.action === 'none') {
      setBusy(null);
      trouble.textContent = 'You have this plan already. “My entitlements” leads to where you manage it.';
      return;
    }
    if (!/^https?:\/\//.test(answer.url ?? '')) {
      throw new Error('The service named no payment page. Please try again.');
    }
    location.assign(answer.url); // the buttons stay busy until the page is gone
  } catch (problem) {
    setBusy(null);
    trouble.textContent = words[problem.code] ?? problem.message;
  }
}

function setBusy(busy) {
  for (const button of buttons) {
    button.disabled = busy !== null;
    button.setAttribute('aria-busy', String(button === busy));
    button.textContent = button === busy ? 'Opening the payment page…' : labels.get(button);
  }
}
