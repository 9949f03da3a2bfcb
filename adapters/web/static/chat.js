// One account's window: what it does is posted, what it is told comes back as HTML that the server drew.
const { account, live, act, you, new: fresh } = document.body.dataset;
const places = new Map([...document.querySelectorAll(".place")].map((one) => [one.dataset.place, one]));
const tabs = new Map([...document.querySelectorAll("[data-to]")].map((one) => [one.dataset.to, one]));
const composer = document.querySelector(".composer");
const lost = document.querySelector("[data-lost]");
const offline = document.querySelector("[data-offline]");
let current = "";
let waiting = null; // what could not be sent, to send again with the same event id
let arrived = false;

// ---------------------------------------------------------------- places

function show(place) {
  current = place;
  for (const [id, section] of places) section.hidden = id !== place;
  for (const [id, tab] of tabs) tab.setAttribute("aria-current", String(id === place));
  composer.hidden = place !== "";
  mark(place, 0);
  const log = logOf(place);
  log.scrollTop = log.scrollHeight;
}

function logOf(place) {
  return places.get(place).querySelector(".log");
}

function mark(place, count) {
  const unread = tabs.get(place).querySelector(".unread");
  unread.dataset.count = count;
  unread.hidden = count === 0;
  unread.textContent = fresh.replace("{n}", count);
}

for (const [id, tab] of tabs) tab.addEventListener("click", () => show(id));

// ---------------------------------------------------------------- drawing

function element(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html.trim();
  return holder.content.firstElementChild;
}

function append(place, node) {
  const log = logOf(place);
  log.querySelector(".empty").hidden = true;
  log.append(node);
  count(node);
  copyable(node);
  log.scrollTop = node.offsetTop - log.offsetTop - 12;
}

function mine(text) {
  const line = document.createElement("p");
  const who = document.createElement("span");
  line.className = "mine";
  who.className = "vh";
  who.textContent = `${you}: `;
  line.append(who, text);
  append("", line);
}

function count(node) {
  for (const area of node.querySelectorAll("textarea[data-count]")) {
    const counter = area.nextElementSibling; // it says how much fits
    const tell = () => (counter.textContent = area.dataset.count.replace("{n}", area.value.length));
    area.addEventListener("input", tell);
    tell();
  }
}

function copyable(node) {
  for (const row of node.querySelectorAll("[data-copy]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    button.textContent = row.dataset.copy;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(row.closest(".card").querySelector(".keep").textContent);
      button.textContent = row.dataset.copied;
    });
    row.prepend(button);
  }
}

// ---------------------------------------------------------------- acting

async function post(data) {
  for (let pause = 300; ; pause *= 3) {
    try {
      const answer = await fetch(act, { method: "POST", body: data });
      if (answer.ok) return element(await answer.text());
      if (answer.status < 500) return null;
    } catch {
      // no connection: try once more with the same event id, which Erbij counts once
    }
    if (pause > 2_000) return null;
    await new Promise((done) => setTimeout(done, pause));
  }
}

async function perform(data, after) {
  const reply = await post(data);
  lost.hidden = reply !== null;
  waiting = reply === null ? () => perform(data, after) : null;
  if (reply === null) return;
  after(reply);
  if (reply.dataset.saved === "yes") putAway(reply);
  if (reply.childElementCount > 0) append("", reply);
}

function again() {
  const lostBefore = waiting;
  waiting = null;
  lostBefore?.();
}

// What was asked before in a conversation that goes on here, or ended: its buttons would only say that it was answered.
function putAway(reply) {
  const on = new Set([...reply.dataset.ended.split(" "), ...[...reply.querySelectorAll("form")].map((form) => form.dataset.conversation)]);
  on.delete("");
  for (const form of logOf("").querySelectorAll("form")) {
    const { conversation } = form.dataset;
    if (!on.has(conversation)) continue;
    for (const fresh of reply.querySelectorAll("form")) if (fresh.dataset.conversation === conversation) carry(form, fresh);
    takeAway(form);
  }
}

// What is written and not sent yet goes along into the same question where it is drawn again.
function carry(form, fresh) {
  for (const field of form.querySelectorAll("textarea, input[type=text], input[type=radio]:checked, select")) {
    for (const same of fresh.querySelectorAll(`[name="${CSS.escape(field.name)}"]`)) {
      if (same.type === "radio") same.checked ||= same.value === field.value;
      else same.value ||= field.value;
    }
  }
}

window.addEventListener("beforeunload", (event) => {
  const written = [...document.querySelectorAll("textarea")].some((area) => area.value !== area.defaultValue);
  if (written) event.preventDefault();
});

function submit(event) {
  const form = event.target;
  const section = form.closest(".place");
  if (!section) return;
  event.preventDefault();
  if (form.getAttribute("aria-busy")) return;
  const data = new URLSearchParams(new FormData(form, event.submitter));
  data.set("event", crypto.randomUUID());
  data.set("place", section.dataset.place);
  form.setAttribute("aria-busy", "true");
  perform(data, (reply) => {
    form.removeAttribute("aria-busy");
    if (section.dataset.place !== "") show("");
    mine(event.submitter.textContent.trim());
    if (section.dataset.place === "" && reply.dataset.saved === "yes") takeAway(form);
    setTimeout(() => reply.focus({ preventScroll: true }));
  }).finally(() => form.removeAttribute("aria-busy"));
}

function takeAway(form) {
  const message = form.closest(".message");
  form.remove();
  if (message?.childElementCount === 0) message.remove();
}

document.querySelector("main").addEventListener("submit", submit);
document.querySelector("[data-again]").addEventListener("click", again);

composer.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = composer.elements.text.value.trim();
  if (!text) return;
  composer.elements.text.value = "";
  mine(text);
  perform(new URLSearchParams({ text, event: crypto.randomUUID() }), () => {});
});

// ---------------------------------------------------------------- being told

const drawn = new Map();

function told({ place, key, html }) {
  const id = `${place}/${key}`;
  const section = places.get(place);
  if (!section || drawn.get(id) === html) return;
  const node = element(html);
  const there = section.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (there) {
    if (drawn.has(id)) {
      there.replaceWith(node);
      count(node);
      copyable(node);
    }
  } else {
    append(place, node);
    if (place !== current) mark(place, Number(tabs.get(place).querySelector(".unread").dataset.count ?? 0) + 1);
  }
  drawn.set(id, html);
}

function caughtUp() {
  offline.hidden = true;
  again(); // what could not be sent while Erbij was away
  if (arrived) return;
  arrived = true;
  perform(new URLSearchParams({ arrived: "yes", event: crypto.randomUUID() }), () => {});
}

const heard = {
  post: told,
  "caught-up": caughtUp,
  error: () => (offline.hidden = false),
};

function listen() {
  const stream = new EventSource(live);
  stream.addEventListener("post", (event) => told(JSON.parse(event.data)));
  stream.addEventListener("caught-up", caughtUp);
  stream.addEventListener("error", () => {
    heard.error();
    // A browser comes back by itself where there is no connection, but not after an answer such as 502.
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 3_000);
  });
}

// On the board one stream serves all windows: a browser has few connections, and other tabs need some too.
function listenToBoard() {
  const id = crypto.randomUUID();
  const ask = () => window.parent.postMessage({ account, id }, location.origin);
  const asking = setInterval(ask, 500); // the board may still be loading
  window.addEventListener("message", ({ source, origin, data }) => {
    if (source !== window.parent || origin !== location.origin) return;
    clearInterval(asking);
    heard[data.kind]?.(data.told);
  });
  ask();
}

if (window.self === window.top) listen();
else listenToBoard();

document.body.classList.toggle("framed", window.self !== window.top);
count(document);
show("");
