// The workspace without network: a service worker keeps the page, its exercise and the runtime, for this person alone.

const TOUCH_MS = 60_000;
const LOOK_MS = 1_000;

// `options`: the kernel's, from the server; `urls`: data of the exercise; `files`: scripts that the page loads later. Call it when
// the page has loaded.
export async function keepOffline(options, { urls = [], files = [] } = {}) {
  if (!("serviceWorker" in navigator) || !isSecureContext || !document.body.dataset.person) return false;
  let registration;
  try {
    registration = await navigator.serviceWorker.register(options.serviceWorker, { scope: options.scope });
    await navigator.serviceWorker.ready;
  } catch {
    return false; // switched off, or a private window: then a reload needs the network
  }
  const worker = registration.active ?? navigator.serviceWorker.controller;
  if (!worker) return false;
  performance.setResourceTimingBufferSize(1000);
  const idleMinutes = Number(document.body.dataset.idleMinutes) || options.idleMinutes;
  const keep = () => worker.postMessage({
    type: "keep",
    page: location.origin + location.pathname,
    person: document.body.dataset.person,
    idleMinutes,
    files: [...resources(), ...files.map(absolute), absolute(options.frame), absolute(options.bundle)],
    data: urls.map(absolute),
    runtime: options.runtime ? absolute(options.runtime.base) : "",
    fixed: absolute(options.static),
  });
  keep();
  stayKept(registration);
  afterDownload(options.runtime, keep);
  return true;
}

// Not before Python is here: fetching it twice at once would make her wait.
function afterDownload(runtime, act) {
  if (!runtime) return;
  const names = [...runtime.core, ...runtime.start.map((name) => runtime.packages[name].file)];
  const wanted = names.map((name) => absolute(runtime.base + name));
  const looking = setInterval(() => {
    const come = new Set(resources());
    if (!wanted.every((address) => come.has(address))) return;
    clearInterval(looking);
    act();
  }, LOOK_MS);
}

function resources() {
  return performance.getEntriesByType("resource").map((entry) => entry.name);
}

function absolute(address) {
  return new URL(address, location.href).href;
}

// The copy lasts as long as the sign-in would: until nobody has touched the page for a while.
function stayKept(registration) {
  let told = Date.now();
  const touch = () => {
    if (Date.now() - told < TOUCH_MS) return;
    told = Date.now();
    registration.active?.postMessage({ type: "touch", person: document.body.dataset.person });
  };
  for (const kind of ["pointerdown", "keydown", "input"]) addEventListener(kind, touch, { passive: true, capture: true });
}
