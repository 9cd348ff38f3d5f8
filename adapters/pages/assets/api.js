// Asks the service's API, and puts every way of failing into words.

export class Problem extends Error {
  constructor(status, message, code) {
    super(message);
    this.status = status; // 0: no answer
    this.code = code; // the service's name for what is wrong, if it gave one
  }
}

// ask resolves with the answer's JSON, or rejects with a Problem that may be shown.
export async function ask(method, path, { body, key, patience = 30_000, signal } = {}) {
  const late = AbortSignal.timeout(patience);
  const request = { method, headers: { Accept: 'application/json' }, signal: signal ? AbortSignal.any([late, signal]) : late };
  if (body !== undefined) {
    request.headers['Content-Type'] = 'application/json';
    request.body = JSON.stringify(body);
  }
  if (key !== undefined) {
    request.headers['Idempotency-Key'] = key;
  }
  let response;
  let answer = null;
  try {
    response = await fetch(path, request);
    answer = await response.json().catch(() => null);
  } catch {
    throw new Problem(0, 'The service does not answer. Check that it runs and that you are online, then try again.');
  }
  if (response.ok && answer !== null) {
    return answer;
  }
  throw new Problem(response.status, wordsOf(response.status, answer), answer?.code);
}

// Keys of what was asked for and not answered: asked again it is the same wish.
const unanswered = new Map();

// command asks for a change, once for each click. A click after one that had no answer is
// the same wish with the same key, so that nothing is done twice.
export async function command(path, body) {
  const wish = path + JSON.stringify(body);
  const key = unanswered.get(wish) ?? crypto.randomUUID();
  unanswered.set(wish, key);
  try {
    const answer = await ask('POST', path, { body, key });
    unanswered.delete(wish);
    return answer;
  } catch (problem) {
    if (problem.status > 0 && problem.status < 500) {
      unanswered.delete(wish);
    }
    throw problem;
  }
}

// What the service says to programs, with ids and paths, in words for a buyer.
const forBuyers = {
  addon_in_the_way: 'An add-on of yours is not sold with that plan. Remove it first, under “Your plan” on “My account”.',
  already_held: 'You have this already.',
  base_plan_needed: 'This is added to a plan that you do not have. Please choose the plan first.',
  change_planned: 'Another change is planned for your plan. Take that back first, on “My account”.',
  changed_meanwhile: 'That has just been changed elsewhere. Please look at it again.',
  ends_anyway: 'Your plan is to end. Keep it first, then change it.',
  intervals_differ: 'A plan and its add-ons are paid for the same time. Choose a price of the same interval, or remove the add-on first.',
  no_customer: 'You have bought nothing yet.',
  not_in_portal: 'Your subscription cannot be changed on Stripe’s page. “My account” changes it. Nothing was charged.',
  not_subscribed: 'You have no subscription that could be changed.',
  not_pausable: 'Your plan cannot be paused now.',
  nothing_to_change: 'That is what you have already.',
  payment_due: 'A payment is overdue. Please see to that first.',
  payment_provider_busy: 'Stripe does not answer now. Please try again.',
  rate_limited: 'That was very often. Please wait some seconds, then try again.',
  scheduled_elsewhere: 'A change was planned for you elsewhere. Please ask the support.',
  several_subscriptions: 'You have several subscriptions. Please change this one on Stripe’s page.',
  subscription_paused: 'Your plan is paused. Please resume it first, on “My account”.',
};

// wordsOf reads problem details (RFC 9457), as far as they are given.
function wordsOf(status, problem) {
  if (Object.hasOwn(forBuyers, problem?.code ?? '')) {
    return forBuyers[problem.code];
  }
  for (const text of [problem?.detail, problem?.title]) {
    if (typeof text === 'string' && text.trim() !== '') {
      return sentence(text.trim());
    }
  }
  return `The service answered with status ${status}. Please try again.`;
}

function sentence(text) {
  const whole = text[0].toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(whole) ? whole : `${whole}.`;
}

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// visible resolves once somebody looks at the page.
export function visible() {
  if (!document.hidden) {
    return Promise.resolve();
  }
  return new Promise((done) => {
    document.addEventListener('visibilitychange', () => done(visible()), { once: true });
  });
}
