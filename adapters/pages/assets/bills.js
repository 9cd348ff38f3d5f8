// What was billed and ordered: two lists, read again when something changed.

import { ask } from './api.js';
import { element, find, say, sound } from './dom.js';
import { day, money, planName } from './words.js';

const invoiceStatus = { open: 'To be paid', paid: 'Paid', uncollectible: 'Given up', void: 'Void' };
const orderStatus = {
  pending: 'Not paid yet', open: 'Not paid yet', expired: 'Not bought', awaiting_payment: 'Your bank is working on it',
  payment_failed: 'The payment failed', paid: 'Paid', refunded: 'Refunded', disputed: 'Disputed', charged_back: 'Charged back',
};
// What is over well, and what is not.
const good = new Set(['paid']);
const bad = new Set(['payment_failed', 'disputed', 'charged_back', 'uncollectible']);

// showInvoices resolves with the invoices, the newest first.
export async function showInvoices() {
  try {
    const { invoices } = await ask('GET', '/api/invoices?limit=12');
    fill('invoices', invoices.map(invoiceItem));
    return invoices;
  } catch (problem) {
    say(find('#invoices-trouble'), problem.message);
    return [];
  }
}

// showOrders resolves with the orders, the newest first; with null where they cannot be read.
export async function showOrders() {
  try {
    const { orders } = await ask('GET', '/api/orders?limit=12');
    fill('orders', orders.map(orderItem));
    return orders;
  } catch (problem) {
    say(find('#orders-trouble'), problem.message);
    return null;
  }
}

function fill(list, items) {
  say(find(`#${list}-trouble`), '');
  find(`#${list}`).replaceChildren(...items);
  find(`#${list}`).hidden = items.length === 0;
  find(`#${list}-none`).hidden = items.length > 0;
}

function invoiceItem(invoice) {
  const number = invoice.number ?? invoice.id;
  const links = [];
  if (sound(invoice.hosted_url)) {
    const verb = invoice.status === 'open' ? 'Pay' : 'View';
    links.push(element('a', { href: invoice.hosted_url, 'aria-label': `${verb} invoice ${number}` }, verb));
  }
  if (sound(invoice.pdf)) {
    links.push(element('a', { href: invoice.pdf, 'aria-label': `PDF of invoice ${number}` }, 'PDF'));
  }
  return item(invoice.created_at, `Invoice ${number}`, money(invoice.total, invoice.currency), invoice.status, invoiceStatus, links);
}

function orderItem(order) {
  const name = planName(order.plan) + (order.quantity > 1 ? ` × ${order.quantity}` : '');
  const link = sound(order.url)
    ? element('a', { href: order.url, 'aria-label': `Pay for ${name}` }, 'Pay')
    : element('a', { href: `/return?order_id=${encodeURIComponent(order.id)}`, 'aria-label': `View the order of ${name}` }, 'View');
  return item(order.created_at, name, '', order.status, orderStatus, [link]);
}

function item(time, name, amount, status, words, links) {
  const mood = good.has(status) ? 'good' : bad.has(status) ? 'bad' : 'wait';
  return element(
    'li', { 'data-status': status },
    element('span', { class: 'what' }, element('b', {}, name), element('time', { datetime: time }, day(time))),
    element('span', { class: 'sum' }, amount),
    element('span', { class: `chip ${status === 'expired' || status === 'void' ? '' : mood}` }, words[status] ?? status),
    element('span', { class: 'links' }, ...links),
  );
}
