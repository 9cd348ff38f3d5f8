// Choosing a price, and the way to Stripe's page. What a button would do is the service's
// word: until it is known, nothing can be pressed.

import { ask } from './api.js';
import { busily, leaving, say, sound } from './dom.js';
import { money, period, planName } from './words.js';

const cards = [...document.querySelectorAll('[data-card]')].map((card) => ({
  key: card.dataset.card,
  isDefault: 'default' in card.dataset,
  radios: [...card.querySelectorAll('input[type=radio]')],
  prices: [...card.querySelectorAll('[data-price]')],
  quantity: card.querySelector('input[type=number]'),
  total: card.querySelector('output.total'),
  held: card.querySelector('[data-held]'),
  trial: card.querySelector('[data-trial]'),
  button: card.querySelector('button[data-plan]'),
  trouble: card.querySelector('[role=alert]'),
}));

let offers = new Map(); // what each plan is to the user, by key
const currency = document.querySelector('.plans')?.dataset.currency; // that was chosen
const inCurrency = currency ? `&currency=${encodeURIComponent(currency)}` : '';

for (const card of cards) {
  card.radios.forEach((radio) => radio.addEventListener('change', () => show(card)));
  card.quantity?.addEventListener('input', () => count(card));
  card.button?.addEventListener('click', () => press(card));
}

read(true);
document.addEventListener('visibilitychange', () => document.hidden || read(false));
// Back from Stripe's page, a browser may show this one as it was left.
window.addEventListener('pageshow', (event) => event.persisted && location.reload());

// read asks what is held, and what each button would do. Without an answer the buttons
// work all the same: what a checkout does is found out anew.
async function read(first) {
  try {
    const { plans } = await ask('GET', `/api/plans?mine=true${inCurrency}`, { patience: 10_000 });
    offers = new Map(plans.map((plan) => [plan.key, plan]));
    if (first && !currency && paysOtherwise(plans)) {
      return;
    }
  } catch {
    // As they are.
  }
  for (const card of cards) {
    const paid = offers.get(card.key)?.held_price;
    const radio = first && card.radios.find((r) => r.value === paid);
    if (radio) {
      radio.checked = true;
    }
    count(card);
  }
}

// paysOtherwise leads who pays subscriptions in another currency than the page is in to the
// page in that.
function paysOtherwise(plans) {
  for (const card of cards) {
    const offered = plans.find((plan) => plan.key === card.key)?.prices ?? [];
    for (const { dataset } of card.prices) {
      const own = offered.find((price) => price.key === dataset.price)?.currency;
      if (own && dataset.currency && own !== dataset.currency) {
        const there = new URL(location.href);
        there.searchParams.set('currency', own);
        location.replace(there);
        return true;
      }
    }
  }
  return false;
}

function chosenPrice(card) {
  return card.radios.find((radio) => radio.checked)?.value ?? card.prices[0]?.dataset.price;
}

function show(card) {
  const chosen = chosenPrice(card);
  for (const price of card.prices) {
    price.hidden = price.dataset.price !== chosen;
  }
  const offer = offers.get(card.key);
  const price = offer?.prices.find((p) => p.key === chosen);
  // What everybody holds is somebody's plan where nothing else is.
  const besides = [...offers.values()].some((o) => o.held && !o.default && o.mode === 'subscription');
  card.held.hidden = !offer?.held || (card.isDefault && besides);
  say(card.held, offer?.mode === 'payment' ? 'You have it' : 'Your plan');
  if (card.trial && offer) {
    card.trial.hidden = offer.trial_days === null;
  }
  showTotal(card, chosen);
  if (card.button && !card.button.hasAttribute('aria-busy')) {
    const radio = card.radios.find((r) => r.checked);
    const priceLabel = radio?.parentElement.querySelector('span').textContent.toLowerCase() ?? chosen;
    const [label, able] = buttonOf(offer, price, offer?.held ? priceLabel : planName(card.key)) ?? [card.button.textContent, true];
    say(card.button, label);
    card.button.disabled = !able;
    card.button.classList.toggle('quiet', Boolean(offer?.held)); // nobody has to press it
  }
}

// buttonOf is what the button says, and whether there is anything to press it for. A change
// is to another plan, or to another price of the one that is held.
function buttonOf(offer, price, other) {
  const name = offer && planName(offer.key);
  switch (price?.action ?? offer?.action) {
    case 'buy':
      if (offer.mode === 'subscription') return [`Upgrade to ${name}`, true];
      if (offer.held) return [offer.valid_for ? `Extend ${name}` : `Buy ${name} again`, true];
      return [`Buy ${name}`, true];
    case 'start_trial':
      return [`Start ${offer.trial_days}-day trial`, true];
    case 'upgrade':
      return [offer.held ? `Switch to ${other}` : `Upgrade to ${other}`, true];
    case 'downgrade':
    case 'change': // on the account page
      if (offer.addon_to.length > 0 && !offer.held) return [`Add ${name}`, true];
      return [`Switch to ${other}`, true];
    case 'resume':
      return ['Resume your plan', true];
    case 'manage':
      return [offer.held ? `Manage ${name}` : 'See to your payment', true];
    case 'none':
      if (offer.addon_to.length > 0) return [`Added to ${offer.addon_to.map(planName).join(' or ')}`, false];
      return [offer.held ? 'You have it' : 'Payment under way', false];
    default:
      return undefined; // no answer, or one from after this page was written
  }
}

// count asks the service what the quantity costs, as the buyer types it: tiers are its
// affair. Answers to what is no longer asked are dropped.
function count(card) {
  clearTimeout(card.counting);
  card.asked?.abort();
  card.priced = undefined;
  show(card);
  const quantity = quantityOf(card);
  const told = offers.get(card.key)?.prices.every((price) => price.amount !== undefined);
  if (quantity === undefined || (quantity < 2 && told)) {
    return;
  }
  card.counting = setTimeout(async () => {
    const asked = card.asked = new AbortController();
    try {
      const { plans } = await ask('GET', `/api/plans?quantity=${quantity}${inCurrency}`, { patience: 10_000, signal: asked.signal });
      if (card.asked === asked) {
        card.priced = plans.find((plan) => plan.key === card.key);
        show(card);
      }
    } catch {
      // Stripe's page has the total.
    }
  }, 120);
}

// quantityOf is undefined where nothing sensible is chosen.
function quantityOf(card) {
  const { quantity } = card;
  return quantity && quantity.value !== '' && quantity.checkValidity() ? quantity.valueAsNumber : undefined;
}

// showTotal says what a quantity costs; of one unit only where its price does not.
function showTotal(card, chosen) {
  if (!card.total) {
    return;
  }
  const quantity = quantityOf(card);
  const price = card.priced?.prices.find((p) => p.key === chosen);
  card.total.hidden = quantity === undefined || price?.total === undefined || (quantity < 2 && price.amount !== undefined);
  say(card.total, card.total.hidden ? '' : `${money(price.total, price.currency)}${period(price)} for ${quantity}`);
}

async function press(card) {
  say(card.trouble, '');
  const offer = offers.get(card.key);
  const price = offer?.prices.find((p) => p.key === chosenPrice(card));
  const action = price?.action ?? offer?.action;
  if (['manage', 'change', 'resume'].includes(action)) {
    location.assign(action === 'change' ? '/me#change' : '/me');
    return;
  }
  const order = {
    price: chosenPrice(card),
    // The service puts the order's id in place of {ORDER_ID}.
    success_url: `${location.origin}/return?order_id={ORDER_ID}`,
    cancel_url: `${location.origin}/?canceled=1${inCurrency}`,
  };
  const shown = card.prices.find((p) => !p.hidden)?.dataset.currency;
  if (currency && shown) {
    order.currency = shown; // what the buyer chose to read is what is to be paid
  }
  if (card.quantity) {
    if (card.quantity.value === '' || !card.quantity.checkValidity()) {
      say(card.trouble, `Please choose a quantity from 1 to ${card.quantity.max}.`);
      card.quantity.focus();
      return;
    }
    order.quantity = card.quantity.valueAsNumber;
  }
  const others = cards.map((c) => c.button).filter((b) => b && b !== card.button && !b.disabled);
  others.forEach((b) => { b.disabled = true; });
  await busily(card.button, 'Opening the payment page…', () => checkout(card, order, others));
}

async function checkout(card, order, others) {
  try {
    // Without a key: asked for again, what is still open is found again.
    const answer = await ask('POST', `/api/checkout/${encodeURIComponent(card.key)}`, { body: order });
    if (answer.action === 'none') {
      location.assign('/me'); // it is held, which a page of yesterday does not know
      return leaving;
    }
    if (!sound(answer.url)) {
      throw new Error('The service named no payment page. Please try again.');
    }
    location.assign(answer.url);
    return leaving;
  } catch (problem) {
    others.forEach((b) => { b.disabled = false; });
    say(card.trouble, problem.message);
    return undefined;
  }
}
