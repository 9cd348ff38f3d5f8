// The add-ons of a subscription, each with a button that ends it or takes that back.

import { command } from './api.js';
import { element } from './dom.js';
import { day, planName } from './words.js';

let shown = '';

// showAddons fills a list; act does what a button is for, and done says what came of it. What
// has not changed is left alone: a button that somebody is about to press stays under the pointer.
export function showAddons(list, sub, act, done) {
  const addons = sub?.addons ?? [];
  const now = JSON.stringify([addons, sub?.cancels_at]);
  if (now === shown) {
    return;
  }
  shown = now;
  list.replaceChildren(...addons.map((addon) => lineOf(addon, sub, act, done)));
  list.hidden = list.childElementCount === 0;
}

function lineOf(addon, sub, act, done) {
  const name = planName(addon.plan);
  const trouble = element('span', { class: 'notice bad', role: 'alert' });
  const ending = addon.ends_at !== null;
  const button = element('button', { type: 'button', class: 'button quiet' }, `${ending ? 'Keep' : 'Remove'} ${name}`);
  button.addEventListener('click', () => act(button, trouble, 'One moment…', async () => {
    const answer = await command(`/api/subscription/${ending ? 'resume' : 'cancel'}`, { plan: addon.plan });
    await done(ending ? `${name} goes on as before.` : answer.ends_at ? `${name} ends on ${day(answer.ends_at)}.` : `${name} has ended.`);
  }));
  const withPlan = ending && sub.cancels_at !== null; // it is kept with the plan
  return element(
    'li', { 'data-addon': addon.plan },
    element('span', {}, element('b', {}, `${name}${addon.quantity > 1 ? ` × ${addon.quantity}` : ''}`), plannedWords(addon)),
    ...(withPlan ? [] : [' ', button]), trouble,
  );
}

function plannedWords(addon) {
  if (addon.ends_at !== null) {
    return ` ends on ${day(addon.ends_at)}`;
  }
  return addon.planned_quantity === null ? '' : `, × ${addon.planned_quantity} from the next period on`;
}
