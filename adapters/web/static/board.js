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
  panels.dataset.show = document.querySelector("[name=panel]:checked").value;
}
document.querySelector(".tabs").addEventListener("change", show);
show();
