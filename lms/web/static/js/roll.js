// The list of a sitting: a tick is sent at once and its row renewed alone, and what others tick, or learners enter by code,
// appears by itself. Rows that are open or in use are left alone. Without this each tick loads the page.

const EVERY = 10_000;
const list = document.querySelector("[data-roll]");

if (list) {
  document.addEventListener("submit", (event) => {
    if (event.target.matches("[data-roll-form]")) send(event);
  });
  setInterval(renew, EVERY);
}

async function send(event) {
  event.preventDefault();
  const form = event.target;
  const row = form.closest("[data-roll-row]");
  if (row.getAttribute("aria-busy") === "true") return;
  const body = new URLSearchParams(new FormData(form, event.submitter));
  const pressed = event.submitter?.name === "what" ? event.submitter.value : "";
  row.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { "X-Roll": "1" } });
    const page = await pageOf(answer);
    const fresh = take(page, row);
    take(page, document.getElementById("counts"));
    const again = fresh.querySelector("[data-focus]") ?? (pressed && fresh.querySelector(`button[value="${pressed}"]`));
    (again || fresh.querySelector("summary"))?.focus();
  } catch {
    const fault = row.querySelector("[data-roll-fault]");
    fault.textContent = list.dataset.fault;
    fault.hidden = false;
    row.removeAttribute("aria-busy");
  }
}

async function pageOf(answer) {
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!page.querySelector("[data-roll]")) throw new Error("no list");
  return page;
}

function take(page, old) {
  const fresh = page.getElementById(old.id);
  if (!fresh) throw new Error("gone");
  old.replaceWith(document.adoptNode(fresh));
  return fresh;
}

async function renew() {
  if (document.hidden) return;
  try {
    const page = await pageOf(await fetch(list.dataset.roll, { headers: { "X-Roll": "1" } }));
    for (const row of list.querySelectorAll("[data-roll-row]")) {
      const fresh = page.getElementById(row.id);
      const isUsed = row.contains(document.activeElement) || row.querySelector("details[open]") || row.ariaBusy === "true";
      if (fresh && !isUsed && fresh.dataset.rollRow !== row.dataset.rollRow) take(page, row);
    }
    const counts = document.getElementById("counts");
    if (page.getElementById("counts").textContent !== counts.textContent) take(page, counts);
  } catch {
    // The next time will do; a tick that can't be sent says so itself.
  }
}
