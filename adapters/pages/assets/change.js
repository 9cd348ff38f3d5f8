// Choosing another plan, price or quantity, with what it costs said before it is done.

import { ask, command, pause } from './api.js';
import { busily, element, leaving, say, sound } from './dom.js';
import { day, featureName, money, period, planName, valueWords } from './words.js';

// How long somebody who types a quantity may take for the next digit.
const typing = 300;

// optionsFor are the prices that a subscription may change to: of its own plan, and of
// the others of its group; and those of add-ons that are paid as often as it is. Beside an
// add-on that stays, the plan stays in its interval too.
export function optionsFor(sub, plans) {
  const now = plans.find((p) => p.key === sub.plan);
  const paid = now?.prices.find((p) => p.key === sub.price);
  const kept = sub.addons.some((held) => held.ends_at === null);
  const options = [];
  for (const plan of plans) {
    const addon = plan.addon_to.includes(sub.plan);
    const related = addon || plan.key === sub.plan || (plan.mode === 'subscription' && now?.group && plan.group === now.group);
    for (const price of related ? plan.prices : []) {
      if ((addon || kept) && paid && period(price) !== period(paid)) {
        continue;
      }
      const held = addon ? sub.addons : [sub];
      const present = held.some((h) => h.plan === plan.key && h.price === price.key);
      if (price.usage_type !== 'metered' && (!present || plan.max_quantity > 1)) {
        options.push({ plan, price, present });
      }
    }
  }
  return options;
}

// Change is the form. It asks for a preview with each choice, of which the last counts,
// and does what the preview on the page says.
export class Change {
  constructor(form, done) {
    this.form = form;
    this.done = done;
    this.choices = form.querySelector('.choices');
    this.quantity = form.querySelector('input[type=number]');
    this.amounts = form.querySelector('#preview');
    this.trouble = form.querySelector('[role=alert]');
    this.confirm = form.querySelector('[type=submit]');
    this.reading = null; // ends the question that is under way
    this.preview = null; // what the page says, which is what is done
    form.addEventListener('input', () => this.read());
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.submit();
    });
  }

  // offer shows what there is to choose from. What is chosen stays while nothing changed.
  offer(sub, options) {
    const now = JSON.stringify([sub, options]);
    if (now === this.offered) {
      return;
    }
    this.offered = now;
    this.options = options;
    this.choices.replaceChildren(...options.map((option, n) => this.choice(option, n)));
    this.quantity.value = sub?.quantity ?? 1;
    this.choose(null);
    say(this.trouble, '');
  }

  choice({ plan, price, present }, n) {
    const cost = price.amount === undefined ? 'by use' : money(price.amount, price.currency) + period(price);
    return element(
      'label', {},
      element('input', { type: 'radio', name: 'to', value: String(n), autocomplete: 'off', 'data-to': `${plan.key}-${price.key}` }),
      element('span', { class: 'name' }, planName(plan.key), ...noteOn(plan, present)),
      element('span', { class: 'cost-of' }, cost + (plan.max_quantity > 1 ? ', each' : '')),
    );
  }

  get chosen() {
    const radio = this.choices.querySelector('input:checked');
    return radio ? this.options[Number(radio.value)] : null;
  }

  // choose puts a preview on the page, or takes the one there away.
  choose(preview) {
    this.preview = preview;
    this.confirm.disabled = preview === null;
    say(this.confirm, preview ? confirmWords(preview) : 'Change');
    this.amounts.replaceChildren(...(preview ? previewOf(preview) : []));
    const most = this.chosen?.plan.max_quantity ?? 1;
    this.form.querySelector('.quantity').hidden = most <= 1;
    this.quantity.max = String(most);
  }

  async read() {
    this.reading?.abort();
    const { chosen } = this;
    this.choose(null);
    say(this.trouble, '');
    if (!chosen) {
      return;
    }
    if (chosen.plan.max_quantity > 1 && (this.quantity.value === '' || !this.quantity.checkValidity())) {
      say(this.trouble, `Please choose a quantity from 1 to ${this.quantity.max}.`);
      return;
    }
    this.amounts.replaceChildren(element('p', { class: 'fine' }, 'Asking what it costs…'));
    this.reading = new AbortController();
    const { signal } = this.reading;
    await pause(typing);
    if (signal.aborted) {
      return;
    }
    try {
      const preview = await ask('GET', `/api/subscription/preview?${new URLSearchParams(this.wish(chosen))}`, { signal });
      if (!signal.aborted) {
        this.choose(preview);
      }
    } catch (problem) {
      if (!signal.aborted) {
        this.choose(null);
        say(this.trouble, problem.message);
      }
    }
  }

  wish({ plan, price }) {
    const quantity = plan.max_quantity > 1 ? this.quantity.valueAsNumber : 1;
    return { plan: plan.key, price: price.key, quantity };
  }

  async submit() {
    const { preview } = this;
    if (!preview) {
      return;
    }
    const came = await busily(this.confirm, 'Changing…', async () => {
      say(this.trouble, '');
      try {
        const { plan, price, quantity, when, proration_date } = preview;
        const answer = await command('/api/subscription/change', { plan, ...(price ? { price } : {}), quantity, when, proration_date });
        return await this.after(answer);
      } catch (problem) {
        say(this.trouble, problem.message);
        return undefined;
      }
    });
    if (came !== leaving) {
      this.choose(this.preview); // the button says again what it would do
    }
  }

  async after(answer) {
    if (answer.action === 'redirect' && sound(answer.url)) {
      location.assign(answer.url); // the change is made once it is paid there
      return leaving;
    }
    const to = planName(answer.plan) + (answer.quantity > 1 ? ` × ${answer.quantity}` : '');
    if (answer.action === 'redirect') {
      say(this.trouble, 'The payment did not go through, and nothing has changed. Please update your card, then try again.');
    } else if (answer.when === 'period_end' && answer.effective_at) {
      await this.done(`${to} begins on ${day(answer.effective_at)}. Until then nothing changes.`);
    } else {
      await this.done(`You now have ${to}.`);
    }
    return undefined;
  }
}

function noteOn(plan, present) {
  const addon = plan.addon_to.length > 0;
  const note = present ? (addon ? 'you have it' : 'your plan') : (addon ? 'to add' : '');
  return note ? [' ', element('small', {}, note)] : [];
}

function confirmWords(preview) {
  if (preview.when === 'period_end') {
    return `Change on ${day(preview.effective_at)}`;
  }
  return preview.due_now > 0 ? `Pay ${money(preview.due_now, preview.currency)} and change` : 'Change now';
}

function previewOf(preview) {
  const { currency } = preview;
  const row = (name, amount, attributes = {}) => element('div', attributes, element('dt', {}, name), element('dd', {}, money(amount, currency)));
  const sum = (name, amount, of) => [row(name, amount, { class: 'total' }), ...of.map((line) => row(line.description, line.amount))];
  const linesOf = (due) => preview.lines.filter((line) => line.due === due);
  const said = [];
  if (currency) {
    said.push(element(
      'dl', { class: 'sums' },
      ...sum('Due now', preview.due_now, linesOf('now')),
      ...balanceOf(preview, row),
      ...(preview.credit > 0 ? sum('Given back as credit', preview.credit, []) : []),
      ...(preview.due_later ? sum(`Due on ${day(preview.due_later.at)}`, preview.due_later.amount, linesOf('later')) : []),
    ));
  } else {
    said.push(element('p', {}, 'Nothing is due now.'));
  }
  const { gained, more, fewer, lost } = preview.rights;
  return [...said, ...rightsOf('You get', 'gets', [...gained, ...more]), ...rightsOf('What no longer fits', 'loses', [...fewer, ...lost])];
}

// balanceOf is the line by which the others come to what is due now.
function balanceOf({ from_balance: paid }, row) {
  return paid === 0 ? [] : [row(paid > 0 ? 'From your balance' : 'Owed from before', -paid)];
}

function rightsOf(title, name, changes) {
  if (changes.length === 0) {
    return [];
  }
  return [
    element('h3', {}, title),
    element('ul', { class: name }, ...changes.map(({ feature, before, after }) => element(
      'li', { 'data-feature': feature },
      after === true || (before === true && after === null) ? featureName(feature) : `${featureName(feature)}: ${valueWords(before)} → ${valueWords(after)}`,
    ))),
  ];
}
