// Keeps what changes by itself fresh. Without it, the page is as it was at its loading.

const every = 2000;

document.querySelector('#error')?.focus();

// What was said once is not said again by a reload.
const address = new URL(location.href);
if (address.searchParams.has('done')) {
  address.searchParams.delete('done');
  history.replaceState(null, '', address);
}

const source = new URL('/sandbox', location.href);
const user = document.querySelector('#user');
if (user) source.searchParams.set('user', user.defaultValue);

// A button that is pressed is not to be pressed twice while the clock moves.
document.addEventListener('submit', (event) => {
  document.body.setAttribute('aria-busy', 'true');
  if (event.submitter) setTimeout(() => { event.submitter.disabled = true; });
});
window.addEventListener('pageshow', () => {
  document.body.removeAttribute('aria-busy');
  for (const button of document.querySelectorAll('button:disabled')) button.disabled = false;
});

async function refresh() {
  const answer = await fetch(source, { signal: AbortSignal.timeout(10_000) });
  if (!answer.ok || document.body.hasAttribute('aria-busy')) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
  for (const part of document.querySelectorAll('[data-live]')) {
    const next = fresh.getElementById(part.id);
    if (next && next.innerHTML !== part.innerHTML && !inUse(part)) replace(part, next);
  }
}

// inUse tells whether somebody types into a part, or has typed and not sent.
function inUse(part) {
  return [...part.querySelectorAll('input')].some((i) => i === document.activeElement || i.value !== i.defaultValue);
}

// replace keeps the focus where it is, and where wide tables are scrolled to.
function replace(part, next) {
  const focused = part.contains(document.activeElement) ? document.activeElement.id : '';
  const left = part.querySelector('.scroll')?.scrollLeft ?? 0;
  part.replaceChildren(...next.childNodes);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  const scroll = part.querySelector('.scroll');
  if (scroll) scroll.scrollLeft = left;
}

for (;;) {
  await new Promise((done) => setTimeout(done, every));
  if (!document.hidden) await refresh().catch(() => {}); // what was read last stays until there is an answer
}
