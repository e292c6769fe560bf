// Warns before the idle sign-out and carries it out. <body> gives the minutes and two addresses: how long this sign-in has
// left, and where to say that somebody is still here. Without this the server's own expiry still holds.

const { idleMinutes, idleStateUrl, idleStayUrl } = document.body.dataset;
const TELL_SERVER = 30e3; // at most this often, while somebody is active
const LIMIT = Number(idleMinutes) * 60e3 - TELL_SERVER; // the server's clock may be that much ahead of ours
const WARNING = 60e3;
const SAID_EVERY = 15; // seconds between two announcements, so that a screen reader isn't flooded

const dialog = document.querySelector("dialog[data-idle]");
const left = dialog.querySelector("[data-idle-left]");
let active = Date.now();
let told = Date.now();
let asking = false;
let leaving = false;

for (const kind of ["pointerdown", "keydown", "scroll", "input"]) {
  addEventListener(kind, () => dialog.open || stay(), { passive: true, capture: true });
}
dialog.querySelector("[data-idle-stay]").addEventListener("click", () => stay(true));
dialog.querySelector("[data-idle-leave]").addEventListener("click", () => leave());
dialog.addEventListener("cancel", () => stay(true));
setInterval(look, 1000);

function stay(tell = false) {
  active = Date.now();
  if (dialog.open) dialog.close();
  if (tell || active - told > TELL_SERVER) tellServer();
}

async function tellServer() {
  told = Date.now();
  const token = document.querySelector('meta[name="csrf-token"]').content;
  try {
    await fetch(idleStayUrl, { method: "POST", headers: { "X-CSRFToken": token } });
  } catch {
    // no network now: the next activity tries again
  }
}

async function look() {
  const rest = LIMIT - (Date.now() - active);
  if (rest > WARNING || leaving || asking) return;
  if (!dialog.open && (await othersAreActive())) return;
  if (rest <= 0) return leave(true);
  warn(Math.ceil(rest / 1000));
}

// Another tab or window of this person may have been busy: the server knows.
async function othersAreActive() {
  asking = true;
  try {
    const state = await (await fetch(idleStateUrl)).json();
    if (state.signed_in) active = Math.max(active, Date.now() - Number(idleMinutes) * 60e3 + state.seconds * 1e3);
    else leave(true);
  } catch {
    // no network: our own clock decides
  } finally {
    asking = false;
  }
  return leaving || LIMIT - (Date.now() - active) > WARNING;
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
  if (!form) return location.reload();
  if (idle) form.elements.idle.value = "1";
  form.requestSubmit();
}
