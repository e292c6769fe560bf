// On every page: the token for htmx's requests, the focus on an error, the place in the outline, menus that close, drafts
// that are done with.

document.addEventListener("htmx:config:request", (event) => {
  const token = document.querySelector('meta[name="csrf-token"]')?.content;
  if (token) event.detail.ctx.request.headers["X-CSRFToken"] = token;
});

document.querySelector("[data-focus]")?.focus();

// A long outline beside the text shows the unit that is open.
const outline = document.querySelector(".outline");
const current = outline?.querySelector("[aria-current]");
if (current) outline.scrollTop = current.offsetTop - outline.clientHeight / 2;

// On a phone the main menu may be wider than the screen: where we are stands in its middle.
const mainMenu = document.querySelector(".site-nav");
const entry = mainMenu?.querySelector("[aria-current]");
if (entry) mainMenu.scrollLeft = entry.offsetLeft - mainMenu.offsetLeft + entry.offsetWidth / 2 - mainMenu.clientWidth / 2;

document.addEventListener("click", (event) => closeMenus((menu) => !menu.contains(event.target)));

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeMenus((menu) => (menu.querySelector("summary").focus(), true));
});

function closeMenus(wanted) {
  for (const menu of document.querySelectorAll("[data-menu][open]")) if (wanted(menu)) menu.open = false;
}

// A second press while the answer is on its way sends nothing; after some seconds of silence it may be tried again.
const AGAIN = 5000; // ms
const sent = new WeakMap();
document.addEventListener("submit", (event) => {
  if (event.target.method !== "post" || event.defaultPrevented) return;
  if (Date.now() - (sent.get(event.target) ?? -AGAIN) < AGAIN) event.preventDefault();
  else sent.set(event.target, Date.now());
});

// Forgetting is on every page, since a form's answer may be any page; keeping is in drafts.js.
const person = document.body.dataset.person;
for (const mark of document.querySelectorAll("[data-draft-done]")) forget(`baeum:draft:${person}:${mark.dataset.draftDone}`);

// Who signs out by hand leaves nothing on a shared tablet; who is signed out for idleness finds it again.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-sign-out]") || event.target.elements.idle.value) return;
  for (const key of storedKeys()) if (key.startsWith(`baeum:draft:${person}:`)) forget(key);
  forgetPages(() => true);
});

// What the service worker (workspace/sw.js) keeps for work without network is one person's alone.
forgetPages((name) => !person || !name.endsWith(`:person:${person}`));

async function forgetPages(isMeant) {
  if (!("caches" in window)) return;
  try {
    const names = (await caches.keys()).filter((name) => /^baeum:.*:person:/.test(name));
    await Promise.all(names.filter(isMeant).map((name) => caches.delete(name)));
  } catch {
    // storage is switched off: nothing was kept
  }
}

function storedKeys() {
  try {
    return Object.keys(localStorage);
  } catch {
    return []; // storage is switched off: nothing was kept
  }
}

function forget(key) {
  try {
    localStorage.removeItem(key);
  } catch {
    // storage is switched off: nothing was kept
  }
}
