// How a subscription stands, in a word and in sentences.

import { day, planName } from './words.js';

const chips = {
  incomplete: ['Not paid yet', 'wait'], awaiting_payment: ['Payment under way', 'wait'], trialing: ['Trial', 'good'], active: ['Active', 'good'],
  past_due: ['Payment overdue', 'bad'], unpaid: ['Not paid', 'bad'], paused: ['Paused', 'wait'], canceled: ['Ended', ''],
};

// chipOf is a word for it, and its mood.
export function chipOf(sub) {
  if (sub.cancels_at && !owes(sub)) {
    return ['Ends soon', 'wait'];
  }
  return chips[sub.status] ?? [sub.status, ''];
}

// owes tells whether something has to be paid before anything else.
export const owes = (sub) => ['incomplete', 'past_due', 'unpaid'].includes(sub.status);

// over tells whether there is nothing more to do with it.
export const over = (sub) => sub.status === 'canceled';

// sentencesOf say what comes next.
export function sentencesOf(sub) {
  const said = [...(standing[sub.status]?.(sub) ?? [])];
  if (sub.cancels_at && !over(sub)) {
    said.push(`It ends on ${day(sub.cancels_at)}, and is not charged again.`);
  }
  const next = sub.planned_change;
  if (next?.plan && next.at) {
    said.push(`It changes to ${planName(next.plan)}${next.quantity > 1 ? ` × ${next.quantity}` : ''} on ${day(next.at)}.`);
  }
  return said;
}

const renews = (sub) => (sub.renews_at && !sub.cancels_at ? [`It renews on ${day(sub.renews_at)}.`] : []);

const standing = {
  incomplete: () => ['The first payment has not been made yet.'],
  awaiting_payment: () => ['Your bank is working on the first payment. That takes days.'],
  trialing: (sub) => [`You try it until ${day(sub.trial_ends_at ?? sub.period_end)} for nothing${sub.cancels_at ? '.' : ', and pay from then on.'}`],
  active: renews,
  past_due: overdue,
  unpaid: overdue,
  paused: pausedWords,
  canceled: (sub) => [sub.ended_at ? `It ended on ${day(sub.ended_at)}.` : 'It has ended.'],
};

function pausedWords({ pause, access, access_until: until }) {
  if (!pause) {
    return ['Your trial is over, and there is no card to go on with. Add one to go on.'];
  }
  return [
    'Nothing is charged while it is paused.',
    access && until ? `You have what is paid for until ${day(until)}.` : access ? 'You have what you had.' : 'It gives you nothing meanwhile.',
    ...(pause.resumes_at ? [`It goes on by itself after ${day(pause.resumes_at)}.`] : []),
  ];
}

function overdue(sub) {
  const since = sub.past_due_since ? `A payment has been overdue since ${day(sub.past_due_since)}.` : 'A payment is overdue.';
  const access = !sub.access
    ? 'It gives you nothing until that is paid.'
    : sub.access_until ? `You keep access until ${day(sub.access_until)}. Pay before then to keep it.` : 'You keep access.';
  return [since, access, 'It can be changed once that is paid.'];
}
