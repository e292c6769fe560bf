// Keeps what is typed into forms marked data-keep="key" on this device, for the person who typed it, until it has arrived.
// A page that carries data-draft-done="key" says so (see page.js). Never kept: passwords, files, hidden fields.

const DAYS = 7;
const DELAY = 300; // ms of quiet before typing is written down
const LEFT_OUT = new Set(["password", "file", "hidden", "submit", "button", "reset", "image"]);

const person = document.body.dataset.person;
let over = false; // signed out by hand: page.js forgets, and nothing is written down after it
document.addEventListener("submit", ({ target }) => (over ||= target.matches("[data-sign-out]") && !target.elements.idle.value));
if (person) for (const form of document.querySelectorAll("form[data-keep]")) keep(form);

function keep(form) {
  const key = `baeum:draft:${person}:${form.dataset.keep}`;
  const untouched = JSON.stringify(read(form));
  restore(form, key, untouched);
  let timer;
  const write = () => {
    clearTimeout(timer);
    const fields = read(form);
    if (!over && JSON.stringify(fields) !== untouched) store(key, { at: Date.now(), fields });
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(write, DELAY);
  });
  form.addEventListener("submit", write);
  addEventListener("pagehide", write);
}

function restore(form, key, untouched) {
  const draft = load(key);
  if (!draft || Date.now() - draft.at > DAYS * 86400e3) return;
  if (JSON.stringify(draft.fields) === untouched) return;
  fill(form, draft.fields);
  const note = form.querySelector("[data-keep-note]");
  if (note) note.hidden = false;
}

function fields(form) {
  return [...form.elements].filter((field) => field.name && !LEFT_OUT.has(field.type) && field.type !== "fieldset");
}

function read(form) {
  const values = {};
  for (const field of fields(form)) {
    values[field.name] ??= [];
    if (isTick(field)) {
      if (field.checked) values[field.name].push(field.value);
    } else if (field.multiple) {
      values[field.name].push(...[...field.selectedOptions].map((option) => option.value));
    } else {
      values[field.name].push(field.value);
    }
  }
  return values;
}

function fill(form, values) {
  const seen = {};
  for (const field of fields(form)) {
    const kept = values[field.name];
    if (!kept) continue;
    if (isTick(field)) field.checked = kept.includes(field.value);
    else if (field.multiple) for (const option of field.options) option.selected = kept.includes(option.value);
    else {
      const index = seen[field.name] ?? 0;
      seen[field.name] = index + 1;
      if (kept[index] !== undefined) field.value = kept[index];
    }
  }
}

function isTick(field) {
  return field.type === "checkbox" || field.type === "radio";
}

function load(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

function store(key, draft) {
  try {
    localStorage.setItem(key, JSON.stringify(draft));
  } catch {
    // full or switched off: the page works on without it
  }
}
