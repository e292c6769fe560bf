// The workspace without network: a service worker keeps the page, its exercise and the runtime, for this person alone.

const TOUCH_MS = 60_000;

// `options`: the kernel's, from the server; `urls`: files of the exercise. Call it when the page has loaded.
export async function keepOffline(options, { urls = [] } = {}) {
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
  const idleMinutes = Number(document.body.dataset.idleMinutes) || options.idleMinutes;
  worker.postMessage({
    type: "keep",
    page: location.origin + location.pathname,
    person: document.body.dataset.person,
    idleMinutes,
    files: [...resources(), absolute(options.frame), absolute(options.bundle)],
    data: urls.map(absolute),
    runtime: options.runtime ? absolute(options.runtime.base) : "",
    fixed: absolute(options.static),
  });
  stayKept(registration);
  return true;
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
