// Keeps the workspace for work without network: the pages of exercises that said so, their data, our own files and the runtime.
// No other page is ever kept. What is one person's goes when somebody else is there, when nobody is, and when nobody has touched
// the page for as long as a sign-in lasts. The page and page.js give the orders.

const SCOPE = new URL(self.registration.scope);
const NAME = `baeum:${SCOPE.pathname}`;
const FILES = `${NAME}:files`;
const OF_PEOPLE = `${NAME}:person:`; // page.js knows this form
const NOTES = new URL("kept.json", SCOPE).href;
const KEEP = "LMS-Keep-Page"; // the server's word that a page may be kept, and for whom
const UNIT = /^[0-9a-f-]{36}\/units\/[^/]+$/;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== SCOPE.origin) return;
  if (request.mode !== "navigate") event.respondWith(file(event));
  else if (isUnit(url)) event.respondWith(page(event));
  else if (request.destination === "iframe") event.respondWith(file(event));
});

self.addEventListener("message", (event) => {
  const { data } = event;
  if (data?.type === "keep") event.waitUntil(keep(data));
  if (data?.type === "touch") event.waitUntil(touch(data.person));
});

function isUnit(url) {
  return url.pathname.startsWith(SCOPE.pathname) && UNIT.test(url.pathname.slice(SCOPE.pathname.length));
}

// Pages: from the server whenever it answers.

async function page(event) {
  const address = plain(event.request.url);
  try {
    const response = await fetch(event.request);
    event.waitUntil(note(address, response.clone()));
    return response;
  } catch (error) {
    const kept = await keptPage(address);
    if (kept) return kept;
    throw error;
  }
}

// What the server says now decides what is kept of it.
async function note(address, response) {
  const person = response.ok ? response.headers.get(KEEP) : null;
  if (person) {
    await forget((name) => name !== OF_PEOPLE + person);
    if (await caches.has(OF_PEOPLE + person)) await (await caches.open(OF_PEOPLE + person)).put(address, response);
    await touch(person);
  } else if (response.status < 500) {
    for (const name of await names()) await (await caches.open(name)).delete(address);
  }
}

async function keptPage(address) {
  for (const name of await names()) {
    const cache = await caches.open(name);
    const notes = await read(cache);
    if (!notes || Date.now() - notes.touched > notes.idleMinutes * 60_000) await caches.delete(name);
    else if (notes.pages[address]) return cache.match(address);
  }
  return null;
}

// Files: what never changes comes from here, the rest from the server as long as it answers.

async function file(event) {
  const address = event.request.url;
  const kept = (await find(address)) ?? null;
  if (kept && isFixed(kept)) return kept;
  try {
    const response = await fetch(event.request);
    if (response.ok && response.status === 200 && isFixed(response)) event.waitUntil(put(address, response.clone()));
    return response;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}

async function find(address) {
  for (const name of [FILES, ...(await names())]) {
    const found = name === FILES || (await isFresh(name)) ? await (await caches.open(name)).match(address) : null;
    if (found) return found;
  }
  return null;
}

async function put(address, response) {
  try {
    await (await caches.open(FILES)).put(address, response);
  } catch {
    // the disk is full: it is fetched again next time
  }
}

function isFixed(response) {
  return /\bimmutable\b/.test(response.headers.get("Cache-Control") ?? "");
}

// Orders

async function keep({ page: address, person, idleMinutes, files, data, runtime, fixed }) {
  await forget((name) => name !== OF_PEOPLE + person);
  const cache = await caches.open(OF_PEOPLE + person);
  const notes = (await read(cache)) ?? { pages: {} };
  if (!(await cache.match(address))) {
    const response = await fetch(address, { credentials: "same-origin", redirect: "manual" });
    if (response.headers.get(KEEP) !== person) return void (await caches.delete(OF_PEOPLE + person));
    await cache.put(address, response);
  }
  const wanted = files.filter((one) => one.startsWith(`${SCOPE.origin}/`) && !data.includes(one));
  notes.pages[address] = wanted;
  await write(cache, { ...notes, idleMinutes, touched: Date.now() });
  await Promise.all(data.filter((one) => one.startsWith(`${address}/`)).map((one) => fetchInto(cache, one, () => true)));
  const kept = await caches.open(FILES);
  await Promise.all(wanted.map((one) => fetchInto(kept, one, (response) => isFixed(response) || one.startsWith(fixed))));
  await tidy(kept, new Set(Object.values(notes.pages).flat()), runtime);
}

async function fetchInto(cache, address, isWanted) {
  try {
    const kept = await cache.match(address);
    if (kept && isFixed(kept)) return;
    const response = await fetch(address, { credentials: "same-origin" });
    if (response.ok && isWanted(response)) await cache.put(address, response);
  } catch {
    // no network now, or no room: the next visit tries again
  }
}

// Files of earlier versions go: what has another content's hash in the address of the same file, and other runtimes.
async function tidy(cache, wanted, runtime) {
  const current = new Map([...wanted].map((address) => [nameOf(address), address]));
  const runtimes = runtime && new URL("..", runtime).href;
  for (const { url } of await cache.keys()) {
    const isOld = runtimes && url.startsWith(runtimes) ? !url.startsWith(runtime) : (current.get(nameOf(url)) ?? url) !== url;
    if (isOld) await cache.delete(url);
  }
}

// An address without its content's hash: `?v=…`, `/static/t-…/`, `/python/….json`.
function nameOf(address) {
  return plain(address).replace(/\/t-[0-9a-f]+\//, "/").replace(/\/[0-9a-f]{16}\.(html|json)$/, "/.$1");
}

async function touch(person) {
  if (!(await caches.has(OF_PEOPLE + person))) return;
  const cache = await caches.open(OF_PEOPLE + person);
  const notes = await read(cache);
  if (notes) await write(cache, { ...notes, touched: Date.now() });
}

async function forget(isMeant) {
  for (const name of await names()) if (isMeant(name)) await caches.delete(name);
}

async function names() {
  return (await caches.keys()).filter((name) => name.startsWith(OF_PEOPLE));
}

async function isFresh(name) {
  const notes = await read(await caches.open(name));
  return Boolean(notes) && Date.now() - notes.touched <= notes.idleMinutes * 60_000;
}

async function read(cache) {
  const found = await cache.match(NOTES);
  return found ? found.json() : null;
}

async function write(cache, notes) {
  await cache.put(NOTES, new Response(JSON.stringify(notes)));
}

function plain(address) {
  const url = new URL(address);
  return url.origin + url.pathname;
}
