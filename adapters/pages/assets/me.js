// The account: how the subscription stands, and what may be done with it.

import { ask, command, pause, visible } from './api.js';
import { showInvoices, showOrders } from './bills.js';
import { showAddons } from './addons.js';
import { Change, optionsFor } from './change.js';
import { busily, element, find, leaving, say, sound } from './dom.js';
import { watch } from './entitlements.js';
import { chipOf, over, owes, sentencesOf } from './standing.js';
import { day, money, period, planName } from './words.js';

const every = 3000;

const panel = find('#subscription');
const trouble = find('#plan-trouble');
const change = new Change(find('#change-form'), done);
const cancelForm = find('#cancel-form');
const pauseForm = find('#pause-form');

let shown = null; // what is on the page, as JSON; null before the first answer
let current = null; // the subscription that the buttons are about
let toChange = location.hash === '#change'; // whoever came chose a change that is made here

follow();
watch((_, first) => first || refresh(true));

async function follow() {
  for (;;) {
    await visible();
    await refresh(false);
    await pause(every);
  }
}

let last = Promise.resolve(); // one reading after the other: the last word is the newest

function refresh(changed) {
  last = last.catch(() => {}).then(() => read(changed));
  return last;
}

// read asks how things stand. What was billed and ordered is asked for only where
// something changed: invoices come from Stripe.
async function read(changed) {
  let answer;
  try {
    answer = await ask('GET', '/api/subscription', { patience: 10_000 });
  } catch (problem) {
    say(find('#read-trouble'), problem.message);
    return;
  }
  say(find('#read-trouble'), '');
  const now = JSON.stringify({ ...answer, as_of: undefined });
  if (now === shown && !changed) {
    return;
  }
  shown = now;
  current = answer.subscription;
  const [plans, invoices, orders] = await Promise.all([offered(), showInvoices(), showOrders()]);
  // Who has bought nothing is no customer of Stripe's, which has no page for them.
  find('#portal').hidden = current === null && answer.others.length === 0 && invoices.length === 0 && orders?.length === 0;
  show(answer, plans, invoices);
}

// offered are the plans as the user finds them; without them there are no names of prices.
async function offered() {
  try {
    return (await ask('GET', '/api/plans?mine=true')).plans;
  } catch {
    return [];
  }
}

function show({ subscription: sub, others, bought_twice: twice = [] }, plans, invoices) {
  panel.removeAttribute('aria-busy');
  panel.dataset.status = sub?.status ?? 'none';
  const going = sub !== null && !over(sub);
  const byDefault = plans.find((p) => p.default && p.held);
  if (going) {
    say(find('#plan-name'), sub.plan ? planName(sub.plan) : 'A plan of your own');
    say(find('#plan-price'), priceWords(sub, plans));
    say(find('#plan-words'), sentencesOf(sub).join(' '));
  } else {
    say(find('#plan-name'), byDefault ? planName(byDefault.key) : 'No subscription');
    say(find('#plan-price'), byDefault ? 'Free, for everybody.' : '');
    say(find('#plan-words'), sub ? `You had ${sub.plan ? planName(sub.plan) : 'a subscription'}. ${sentencesOf(sub).join(' ')}` : 'You subscribe to nothing.');
  }
  const [word, mood] = going ? chipOf(sub) : ['', ''];
  say(find('#plan-chip'), word);
  find('#plan-chip').className = `chip ${mood}`;
  showButtons(going ? sub : null, plans, invoices);
  if (toChange) {
    toChange = false;
    arrive();
  }
  showCard(sub);
  showAddons(find('#addons'), going ? sub : null, act, done);
  find('#others').replaceChildren(
    ...others.map((other) => element('p', {}, element('b', {}, other.plan ? planName(other.plan) : 'Another subscription'), ': ', sentencesOf(other).join(' ') || chipOf(other)[0])),
    ...twice.map((both) => element('p', { class: 'notice' }, twiceWords(both))),
  );
}

// twiceWords are for a buyer: what the service says of it is for whoever runs it.
function twiceWords({ older, newer }) {
  const what = older.plan === newer.plan ? `${planName(older.plan)} twice` : `both ${planName(older.plan)} and ${planName(newer.plan)}`;
  return `You have bought ${what}. If that was a mistake, please ask the support.`;
}

function priceWords(sub, plans) {
  const price = plans.find((p) => p.key === sub.plan)?.prices.find((p) => p.key === sub.price);
  if (price?.amount === undefined) {
    return sub.quantity > 1 ? `For ${sub.quantity}` : '';
  }
  const total = money(BigInt(price.amount) * BigInt(sub.quantity), price.currency) + period(price);
  return sub.quantity > 1 ? `${total}, for ${sub.quantity} at ${money(price.amount, price.currency)} each` : total;
}

function showButtons(sub, plans, invoices) {
  const open = sub && owes(sub) ? invoices.find((i) => i.status === 'open' && i.subscription_id === sub.id && sound(i.hosted_url)) : null;
  const paused = Boolean(sub?.pause?.resumable);
  const options = sub && !owes(sub) && !sub.cancels_at && !paused ? optionsFor(sub, plans) : [];
  find('#pay').hidden = !open;
  find('#pay').href = open?.hosted_url ?? '/me';
  find('#choose').hidden = sub !== null;
  find('#change').hidden = options.length === 0;
  find('#cancel').hidden = !sub || Boolean(sub.cancels_at);
  find('#pause').hidden = !sub?.pausable || Boolean(sub.planned_change);
  find('#resume').hidden = !sub || !(sub.cancels_at || sub.planned_change || paused);
  if (!find('#resume').disabled) {
    say(find('#resume'), `${paused ? 'Resume' : 'Keep'} ${sub?.plan ? planName(sub.plan) : 'it'}`);
  }
  if (find('#change').hidden) {
    fold(find('#change'));
  }
  if (find('#cancel').hidden) {
    fold(find('#cancel'));
  }
  if (find('#pause').hidden) {
    fold(find('#pause'));
  }
  say(find('#change'), options.some(({ plan }) => plan.addon_to.length > 0) ? 'Change or add' : 'Change plan');
  change.offer(sub, options);
  if (sub) {
    const ends = sub.trial_ends_at ?? sub.period_end;
    say(find('#cancel-words'), ends && !owes(sub)
      ? `It ends on ${day(ends)}. Until then you keep what you have, and nothing is charged again.`
      : 'It ends with what is paid for, and nothing is charged again.');
    say(find('#pause-words'), sub.period_end
      ? `You keep what you have until ${day(sub.period_end)}. After that nothing is charged, and it gives you nothing, until you resume it. What begins then is charged at once.`
      : 'Nothing is charged, and it gives you nothing beyond what is paid for, until you resume it.');
    say(find('#pause-title'), `Pause ${sub.plan ? planName(sub.plan) : 'it'}?`);
    say(find('#cancel-title'), `Cancel ${sub.plan ? planName(sub.plan) : 'it'}?`);
  }
}

// showCard names what is charged, where that is known.
function showCard(sub) {
  const { type, brand, last4 } = sub?.payment_method ?? {};
  const name = brand ?? type?.replaceAll('_', ' ');
  say(find('#card-words'), name && last4 ? `${name[0].toUpperCase()}${name.slice(1)} ending in ${last4}` : 'Stripe keeps your card. This service never sees it.');
}

// done reads how things stand, and says what came of a click when it is to be seen: what is
// said is no reason to click on before the page has its new shape.
async function done(text) {
  fold(find('#change'));
  fold(find('#cancel'));
  fold(find('#pause'));
  await refresh(true).finally(() => say(find('#said'), text));
  find('#subscription').focus({ preventScroll: true });
}

// Three parts of the panel unfold under their buttons, one at a time.

const parts = new Map([[find('#change'), change.form], [find('#pause'), pauseForm], [find('#cancel'), cancelForm]]);

function fold(button) {
  button.setAttribute('aria-expanded', 'false');
  parts.get(button).hidden = true;
}

function toggle(button) {
  const opens = parts.get(button).hidden;
  say(trouble, '');
  say(find('#said'), '');
  parts.forEach((_, other) => fold(other));
  if (!opens) {
    return;
  }
  button.setAttribute('aria-expanded', 'true');
  const part = parts.get(button);
  part.hidden = false;
  (part.querySelector('input:checked, input, button')).focus();
}

for (const [button, part] of parts) {
  button.addEventListener('click', () => toggle(button));
  part.querySelector('.leave').addEventListener('click', () => {
    fold(button);
    button.focus();
  });
  part.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      fold(button);
      button.focus();
    }
  });
}

// arrive opens the form for who came to change something; where nothing can be changed, what
// is said of the plan says why.
function arrive() {
  history.replaceState(null, '', location.pathname);
  if (find('#change').hidden) {
    panel.focus();
  } else {
    toggle(find('#change'));
  }
}

// act does what a button is for, and says beside it what is wrong.
function act(button, place, label, work) {
  return busily(button, label, async () => {
    say(place, '');
    say(find('#said'), '');
    try {
      return await work();
    } catch (problem) {
      say(place, problem.message);
      return undefined;
    }
  });
}

const whose = () => (current?.plan ? { plan: current.plan } : {});

cancelForm.addEventListener('submit', (event) => {
  event.preventDefault();
  act(cancelForm.querySelector('[type=submit]'), find('#cancel-trouble'), 'Canceling…', async () => {
    const answer = await command('/api/subscription/cancel', whose());
    await done(answer.ends_at ? `It ends on ${day(answer.ends_at)}. You may change your mind until then.` : 'It has ended.');
  });
});

pauseForm.addEventListener('submit', (event) => {
  event.preventDefault();
  act(pauseForm.querySelector('[type=submit]'), find('#pause-trouble'), 'Pausing…', async () => {
    await command('/api/subscription/pause', whose());
    await done('It is paused. You may resume it whenever you like.');
  });
});

find('#resume').addEventListener('click', (event) => act(event.currentTarget, trouble, 'One moment…', async () => {
  await command('/api/subscription/resume', whose());
  await done(current?.pause ? 'It goes on.' : 'It goes on as before.');
}));

function portal(button, flow) {
  button.addEventListener('click', () => act(button, find('#portal-trouble'), 'Opening Stripe’s page…', async () => {
    const { url } = await ask('POST', '/api/portal', { body: { return_url: `${location.origin}/me`, ...flow } });
    if (!sound(url)) {
      throw new Error('The service named no page. Please try again.');
    }
    location.assign(url);
    return leaving;
  }));
}

portal(find('#card'), { flow: 'payment_method_update' });
portal(find('#manage'), {});

// Back from Stripe's page, a browser may show this one as it was left.
window.addEventListener('pageshow', (event) => {
  if (event.persisted) {
    location.reload();
  }
});
