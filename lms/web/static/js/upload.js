// Forms marked data-upload: says which file was chosen and whether it is too large before it is sent, shows how far the
// sending has come, takes a dropped file. Without this the plain form does the same work.

for (const zone of document.querySelectorAll("[data-drop]")) zone.querySelector("[data-drop-hint]").hidden = false;

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-drop] input[type=file]")) check(event.target);
});

for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    const zone = event.target.closest?.("[data-drop]");
    if (!zone) return;
    event.preventDefault();
    zone.classList.toggle("upload-over", kind === "dragenter" || kind === "dragover");
    if (kind === "drop" && event.dataTransfer.files.length) take(zone, event.dataTransfer.files);
  });
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-upload]")) return;
  event.preventDefault();
  const input = form.querySelector("input[type=file]");
  if (!check(input)) return input.focus();
  send(form, event.submitter);
});

function take(zone, files) {
  const input = zone.querySelector("input[type=file]");
  const first = new DataTransfer();
  first.items.add(files[0]);
  input.files = first.files;
  check(input);
}

function check(input) {
  const file = input.files[0];
  const limit = Number(input.dataset.maxBytes || Infinity);
  const fits = !file || file.size <= limit;
  const chosen = part(input, "[data-file-chosen]");
  chosen.hidden = !file;
  chosen.textContent = file ? `${file.name} · ${size(file.size)}` : "";
  document.getElementById(`${input.id}-error`)?.remove(); // what was said of the file before
  fail(input, fits ? "" : input.dataset.tooLarge);
  return fits;
}

function size(bytes) {
  const [value, unit] = bytes < 1e6 ? [bytes / 1e3, "kilobyte"] : [bytes / 1e6, "megabyte"];
  return new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit, maximumFractionDigits: 1 }).format(value);
}

function fail(input, text) {
  const place = part(input, "[data-file-error]");
  place.textContent = text;
  place.hidden = !text;
  if (text) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}

function part(input, selector) {
  return input.closest("[data-drop]").querySelector(selector);
}

function send(form, submitter) {
  const input = form.querySelector("input[type=file]");
  const bar = part(input, "[data-upload-bar]");
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.responseType = "document";
  request.upload.addEventListener("progress", ({ loaded, total }) => (bar.value = (100 * loaded) / total));
  const stop = () => {
    busy(form, submitter, false);
    fail(input, form.dataset.uploadFailed);
  };
  const leave = () => {
    if (request.status < 400) return location.assign(request.responseURL);
    stop();
    fail(input, request.response?.querySelector(".error-summary")?.textContent.trim() || form.dataset.uploadFailed);
  };
  // What runs beside a workspace, and what is typed in it, doesn't outlive its page.
  request.addEventListener("load", () => (form.closest("#workspace") ? leave() : arrive(request, stop)));
  request.addEventListener("error", stop);
  busy(form, submitter, true);
  request.send(new FormData(form, submitter));
}

// The answer, a refusal with its reason or the page that we were sent on to, takes the place of ours. It isn't asked for a
// second time: what it has to say is said once.
function arrive(request, stop) {
  const answer = request.response;
  if (!answer?.querySelector("main")) return stop();
  for (const part of ["header.site-header", "main", 'meta[name="csrf-token"]']) {
    document.querySelector(part).replaceWith(document.adoptNode(answer.querySelector(part)));
  }
  document.title = answer.title;
  if (request.status < 400) goTo(request.responseURL);
  for (const hint of document.querySelectorAll("[data-drop-hint]")) hint.hidden = false;
  window.htmx?.process(document.querySelector("main"));
  scrollTo(0, 0);
  (document.querySelector("[data-focus]") ?? document.querySelector("main")).focus();
}

function goTo(address) {
  history.replaceState({ reload: true }, "");
  history.pushState({}, "", address);
}

// Back to the form: its page is not here any more.
addEventListener("popstate", (event) => event.state?.reload && location.reload());

function busy(form, submitter, on) {
  form.setAttribute("aria-busy", on);
  form.querySelector("[data-upload-bar]").hidden = !on;
  if (submitter) submitter.disabled = on;
}
