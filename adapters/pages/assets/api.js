// Asks the service's API, and puts every way of failing into words.

export class Problem extends Error {
  constructor(status, message, code) {
    super(message);
    this.status = status; // 0: no answer
    this.code = code; // the service's name for what is wrong, if it gave one
  }
}

// ask resolves with the answer's JSON, or rejects with a Problem that may be shown.
export async function ask(method, path, { body, patience = 30_000 } = {}) {
  const request = { method, headers: { Accept: 'application/json' }, signal: AbortSignal.timeout(patience) };
  if (body !== undefined) {
    request.headers['Content-Type'] = 'application/json';
    request.body = JSON.stringify(body);
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

// wordsOf reads problem details (RFC 9457), as far as they are given.
function wordsOf(status, problem) {
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
