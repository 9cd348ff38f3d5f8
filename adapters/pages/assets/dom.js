// What the scripts share to write on a page: text, never markup.

export const find = (selector) => document.querySelector(selector);

// element makes one, with attributes and children: elements or texts. An attribute that is
// false or null is left out.
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false && value !== null && value !== undefined) {
      made.setAttribute(name, value === true ? '' : value);
    }
  }
  made.append(...children);
  return made;
}

// say leaves an unchanged text alone, so that it is not read out again.
export function say(place, text) {
  if (place.textContent !== text) {
    place.textContent = text;
  }
}

// sound tells whether an address may be a link: Stripe's pages are on the web.
export const sound = (url) => /^https?:\/\//.test(url ?? '');

// busily keeps a button from being pressed again until what it does is done. The focus
// that a button loses by that comes back.
export async function busily(button, label, work) {
  const before = button.textContent;
  const focused = document.activeElement === button;
  button.disabled = true;
  button.setAttribute('aria-busy', 'true');
  say(button, label);
  let came;
  try {
    came = await work();
  } finally {
    if (came !== leaving) {
      button.disabled = false;
      button.removeAttribute('aria-busy');
      say(button, before);
      if (focused && document.activeElement === document.body && !button.hidden) {
        button.focus();
      }
    }
  }
  return came;
}

// leaving is what work answers that has the browser leave the page: the button stays busy
// until the page is gone.
export const leaving = Symbol('leaving');
