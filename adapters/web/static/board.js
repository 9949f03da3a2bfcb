// The board: who sits in which panel, and Erbij's clock.
const clock = document.querySelector(".clock");
const time = clock.querySelector("[data-time]");
const status = clock.querySelector("[data-status]");

async function ask(options) {
  const answer = await fetch("/clock", { ...options, headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  time.textContent = (await answer.json()).time;
}

clock.addEventListener("submit", async (event) => {
  event.preventDefault();
  clock.setAttribute("aria-busy", "true");
  try {
    await ask({ method: "POST", body: new URLSearchParams({ move: event.submitter.value }) });
    status.textContent = clock.dataset.moved.replace("{time}", time.textContent);
  } catch {
    status.textContent = clock.dataset.failed;
  }
  clock.removeAttribute("aria-busy");
});

setInterval(() => ask({}).catch(() => {}), 20_000);

for (const select of document.querySelectorAll("[data-panel]")) {
  const frame = document.querySelector(`[data-frame="${select.dataset.panel}"]`);
  const alone = document.querySelector(`[data-alone="${select.dataset.panel}"]`);
  select.addEventListener("change", () => {
    const role = frame.title.split(":")[0];
    frame.title = `${role}: ${select.selectedOptions[0].textContent}`;
    frame.src = alone.href = `/chat/${encodeURIComponent(select.value)}`;
  });
}

const panels = document.querySelector(".panels");
function show() {
  const chosen = document.querySelector("[name=panel]:checked").value;
  for (const panel of panels.children) panel.classList.toggle("aside", panel.dataset.of !== chosen);
}
document.querySelector(".tabs").addEventListener("change", show);
show();

// ---------------------------------------------------------------- one stream for all windows

const windows = new Map(); // each window that listens: whose it is, and a new id each time it is opened
let stream = null;

function listen() {
  stream?.close();
  const [first, ...others] = [...windows.values()].map((one) => one.account);
  const query = new URLSearchParams(others.map((one) => ["with", one]));
  stream = new EventSource(`/chat/${encodeURIComponent(first)}/live?${query}`);
  stream.addEventListener("post", (event) => {
    const told = JSON.parse(event.data);
    for (const [one, { account }] of windows) if (account === told.account) tell(one, "post", told);
  });
  stream.addEventListener("caught-up", () => all("caught-up"));
  const mine = stream;
  stream.addEventListener("error", () => {
    all("error");
    if (mine === stream && mine.readyState === EventSource.CLOSED) setTimeout(() => mine === stream && listen(), 3_000);
  });
}

function all(kind) {
  for (const one of windows.keys()) tell(one, kind);
}

function tell(one, kind, told) {
  one.postMessage({ kind, told }, location.origin);
}

const frames = [...document.querySelectorAll("[data-frame]")];
window.addEventListener("message", ({ source, origin, data }) => {
  if (origin !== location.origin || !frames.some((one) => one.contentWindow === source)) return;
  if (windows.get(source)?.id === data.id) return;
  windows.set(source, data);
  listen();
});
