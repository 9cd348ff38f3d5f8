// How the catalogue's keys are written. The server puts the names of what is for
// sale on the page; anything else is written as its key.

const names = JSON.parse(document.querySelector('[data-names]')?.dataset.names ?? '{}');

const nameOf = (known, key) => (known && Object.hasOwn(known, key) ? known[key] : String(key));

export const planName = (key) => nameOf(names.plans, key);
export const featureName = (key) => nameOf(names.features, key);
