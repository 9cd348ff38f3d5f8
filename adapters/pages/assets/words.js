// How keys, amounts and times are written. The server puts the names of what is for sale,
// and how currencies are written, on the page; any other plan or feature is written as its key.

const words = JSON.parse(document.querySelector('[data-words]')?.dataset.words ?? '{}');

const own = (table, key) => (table && Object.hasOwn(table, key) ? table[key] : undefined);

export const planName = (key) => own(words.plans, key) ?? String(key);
export const featureName = (key) => own(words.features, key) ?? String(key);

// money writes an amount in minor units, as the server does. It is exact: a BigInt is one, too.
export function money(amount, currency) {
  const digits = own(words.digits, currency) ?? 2;
  const whole = BigInt(amount);
  const unit = 10n ** BigInt(digits);
  const size = whole < 0n ? -whole : whole;
  let text = (size / unit).toString().replace(/\B(?=(\d{3})+$)/g, ',');
  if (size % unit !== 0n) {
    text += `.${(size % unit).toString().padStart(digits, '0')}`;
  }
  const sign = own(words.signs, currency);
  return (whole < 0n ? '-' : '') + (sign ? sign + text : `${currency.toUpperCase()}\u00a0${text}`);
}

// period says how often a price is paid: "/month", "every 3 months"; of what is paid once, nothing.
export function period(price) {
  if (!price.interval) return '';
  return price.interval_count > 1 ? ` every ${price.interval_count} ${price.interval}s` : `/${price.interval}`;
}

// valueWords writes how much there is of a feature.
export function valueWords(value) {
  if (value === true) return 'Yes';
  if (value === null || value === undefined) return 'No';
  if (value === 'unlimited') return 'Unlimited';
  return typeof value === 'number' ? value.toLocaleString('en') : String(value);
}

const dayFormat = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium' });
const hourFormat = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short' });
const clockFormat = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });

export const day = (time) => dayFormat.format(new Date(time));
export const hour = (time) => hourFormat.format(new Date(time));
export const clock = (time) => clockFormat.format(time ? new Date(time) : new Date());
