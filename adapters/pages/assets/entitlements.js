// The table of what the user holds, which follows the service by itself.

import { ask, pause } from './api.js';
import { featureName, planName } from './names.js';

const every = 2000;

const table = document.querySelector('#entitlements');
const empty = document.querySelector('#empty');
const trouble = document.querySelector('#trouble');
const asOf = document.querySelector('#as-of');
const news = document.querySelector('#news');

let shown = null; // the rights on the page, as JSON; null before the first answer

// watch reads again and again; a hidden tab rests.
export async function watch() {
  for (;;) {
    await visible();
    await refresh();
    await pause(every);
  }
}

async function refresh() {
  let answer;
  try {
    answer = await ask('GET', '/api/entitlements', { patience: 10_000 });
  } catch (problem) {
    // What was read last stays, and says as of when.
    say(trouble, problem.message);
    return;
  }
  say(trouble, '');
  show(Array.isArray(answer.entitlements) ? answer.entitlements : []);
  const time = answer.as_of ? new Date(answer.as_of) : new Date();
  say(asOf, `As of ${clockTime.format(time)}. Updates by itself.`);
}

function show(rights) {
  const now = JSON.stringify(rights);
  if (now === shown) {
    return; // nobody loses a selection, or a place in the table
  }
  const before = new Set([...table.tBodies[0].rows].map((row) => row.dataset.feature));
  const rows = rights.map(rowOf);
  for (const row of rows) {
    row.classList.toggle('fresh', shown !== null && !before.has(row.dataset.feature));
  }
  table.tBodies[0].replaceChildren(...rows);
  table.hidden = rows.length === 0;
  empty.hidden = rows.length > 0;
  if (shown !== null) {
    say(news, rows.length === 0 ? 'You hold nothing now.' : `You hold ${rights.map((r) => featureName(r.feature)).join(', ')}.`);
  }
  shown = now;
}

function rowOf(right) {
  const row = document.createElement('tr');
  row.dataset.feature = right.feature;

  const feature = document.createElement('th');
  feature.scope = 'row';
  feature.className = 'feature';
  feature.textContent = featureName(right.feature);

  const plans = new Set((right.sources ?? []).map((s) => s.plan).filter(Boolean));
  row.append(
    feature,
    cell('value', valueWords(right.value)),
    untilCell(right),
    cell('plan', [...plans].map(planName).join(', ')),
  );
  return row;
}

function cell(name, text) {
  const td = document.createElement('td');
  td.className = name;
  td.textContent = text;
  return td;
}

function valueWords(value) {
  if (value === true) return 'Yes';
  if (value === false) return 'No';
  if (value === null || value === undefined || value === -1 || value === 'unlimited') return 'Unlimited';
  return typeof value === 'number' ? value.toLocaleString('en') : String(value);
}

// untilCell says when it ends. What renews is good for longer than its period: the day
// until when it holds without news would read as an end that is none.
function untilCell(right) {
  const end = right.ends_at;
  const td = cell('until', right.renews ? 'Renews' : 'No end');
  const date = end ? new Date(end) : null;
  if (date && !Number.isNaN(date.getTime())) {
    const time = document.createElement('time');
    time.dateTime = end;
    time.textContent = day.format(date);
    const hour = document.createElement('small');
    hour.textContent = hourAndMinute.format(date);
    time.append(' ', hour);
    td.replaceChildren(...(right.renews ? ['Renews until '] : []), time);
  }
  if (right.in_grace) {
    const note = document.createElement('small');
    note.textContent = ' a payment is overdue';
    td.append(note);
  }
  return td;
}

const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium' });
const hourAndMinute = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short' });
const clockTime = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });

// say leaves an unchanged text alone, so that it is not read out again.
function say(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

function visible() {
  if (!document.hidden) {
    return Promise.resolve();
  }
  return new Promise((done) => {
    document.addEventListener('visibilitychange', () => done(visible()), { once: true });
  });
}
