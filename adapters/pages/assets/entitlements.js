// The table of what the user holds, which follows the service by itself.

import { ask, pause, visible } from './api.js';
import { element, find, say } from './dom.js';
import { clock, day, featureName, hour, planName, valueWords } from './words.js';

const every = 2000;

const table = find('#entitlements');
const empty = find('#empty');
const trouble = find('#trouble');
const asOf = find('#as-of');
const news = find('#news');

let shown = null; // the rights on the page, as JSON; null before the first answer

// watch reads again and again, and tells what is held, first and after each change; a
// hidden tab rests.
export async function watch(changed = () => {}) {
  for (;;) {
    await visible();
    await refresh(changed);
    await pause(every);
  }
}

async function refresh(changed) {
  let answer;
  try {
    answer = await ask('GET', '/api/entitlements', { patience: 10_000 });
  } catch (problem) {
    // What was read last stays, and says as of when.
    say(trouble, problem.message);
    return;
  }
  say(trouble, '');
  const rights = Array.isArray(answer.entitlements) ? answer.entitlements : [];
  const first = shown === null;
  if (show(rights)) {
    changed(rights, first);
  }
  say(asOf, `As of ${clock(answer.as_of)}. Updates by itself.`);
}

// show tells whether it is another list than before.
function show(rights) {
  const now = JSON.stringify(rights);
  if (now === shown) {
    return false; // nobody loses a selection, or a place in the table
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
  return true;
}

function rowOf(right) {
  const sources = right.sources ?? [];
  const own = sources.filter((s) => s.kind !== 'default'); // what everybody holds is worth naming alone
  const plans = new Set((own.length > 0 ? own : sources).map((s) => s.plan).filter(Boolean));
  return element(
    'tr', { 'data-feature': right.feature },
    element('th', { scope: 'row', class: 'feature' }, featureName(right.feature)),
    element('td', { class: 'value' }, valueWords(right.value)),
    untilCell(right),
    element('td', { class: 'plan' }, [...plans].map(planName).join(', ')),
  );
}

// untilCell says when it ends. What renews is good for longer than its period: the day
// until when it holds without news would read as an end that is none.
function untilCell(right) {
  const end = right.ends_at;
  const td = element('td', { class: 'until' }, right.renews ? 'Renews' : 'No end');
  if (end && !Number.isNaN(new Date(end).getTime())) {
    const time = element('time', { datetime: end }, day(end), ' ', element('small', {}, hour(end)));
    td.replaceChildren(...(right.renews ? ['Renews until '] : []), time);
  }
  if (right.in_grace) {
    td.append(element('small', {}, ' a payment is overdue'));
  }
  return td;
}
