// A button that sells, and what its page says when the buyer is back. The user's token is in a
// cookie, and /api/ of this site leads to the service.
const said = document.querySelector("#said");

async function ask(path, method = "GET") {
  const answer = await fetch(path, { method });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail ?? body.title); // a problem, for people
  return body;
}

async function upgrade(plan) {
  const { action, url } = await ask(`/api/checkout/${plan}`, "POST");
  if (action === "redirect") location.assign(url);
  else said.textContent = "You have it.";
}

// That the buyer came back proves nothing: the order says whether it is paid. The answer is held
// back until it does, for 20 seconds at most.
async function follow(order) {
  said.textContent = "One moment: your payment is being confirmed.";
  const { plan, status } = await ask(`/api/orders/${encodeURIComponent(order)}?wait=20s`);
  said.dataset.status = status;
  said.textContent = status === "paid" ? `Thank you: you now have ${plan}.` : `Your order is ${status}.`;
}

const tell = (error) => (said.textContent = `That did not work: ${error.message}`);

for (const button of document.querySelectorAll("[data-plan]")) {
  button.addEventListener("click", () => upgrade(button.dataset.plan).catch(tell));
}
const order = new URLSearchParams(location.search).get("order_id");
if (order) follow(order).catch(tell);
