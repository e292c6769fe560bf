// Warns before the idle sign-out and carries it out. <body> gives the minutes, the seconds of warning and the address that
// tells the server that somebody is there. Without this the server's own expiry still holds.

const { idleMinutes, idleWarnSeconds, keepaliveUrl } = document.body.dataset;
const LIMIT = Number(idleMinutes) * 60e3;
const WARNING = Math.min(Number(idleWarnSeconds) * 1e3, LIMIT / 2);
const TELL_SERVER = Math.min(60e3, LIMIT / 4); // at most this often, while somebody is active
const SAID_EVERY = 15; // seconds between two announcements, so that a screen reader isn't flooded

const dialog = document.querySelector("dialog[data-idle]");
const left = dialog.querySelector("[data-idle-left]");
let active = Date.now();
let told = Date.now();
let leaving = false;

// All tabs share one clock: work in one keeps the others signed in.
const tabs = "BroadcastChannel" in window ? new BroadcastChannel("baeum-idle") : null;
tabs?.addEventListener("message", ({ data }) => notice(data));

for (const kind of ["pointerdown", "keydown", "scroll", "input"]) {
  addEventListener(kind, () => dialog.open || stay(), { passive: true, capture: true });
}
dialog.querySelector("[data-idle-stay]").addEventListener("click", () => stay(true));
dialog.querySelector("[data-idle-leave]").addEventListener("click", () => leave());
dialog.addEventListener("cancel", () => stay(true));
setInterval(look, 1000);

function stay(ask = false) {
  const now = Date.now();
  if (now - active > 1000 || ask) tabs?.postMessage(now);
  notice(now);
  if (ask || now - told > TELL_SERVER) tellServer(now);
}

function notice(when) {
  active = Math.max(active, when);
  if (dialog.open) dialog.close();
}

async function tellServer(now) {
  told = now;
  const token = document.querySelector('meta[name="csrf-token"]').content;
  try {
    await fetch(keepaliveUrl, { method: "POST", headers: { "X-CSRFToken": token }, credentials: "same-origin" });
  } catch {
    // no network now: the next activity tries again
  }
}

function look() {
  const rest = LIMIT - (Date.now() - active);
  if (rest > WARNING || leaving) return;
  if (rest <= 0) return leave(true);
  warn(Math.ceil(rest / 1000));
}

function warn(seconds) {
  if (!dialog.open) {
    dialog.showModal();
    say(seconds);
  } else if (seconds % SAID_EVERY === 0 || seconds === 5) {
    say(seconds);
  }
}

function say(seconds) {
  left.textContent = left.dataset.text.replace("{seconds}", seconds);
}

function leave(idle = false) {
  leaving = true;
  const form = document.querySelector("form[data-sign-out]");
  if (idle) form.dataset.idle = "";
  form.requestSubmit();
}
