// The bar above the cells: how Python is, how far it has loaded, what is saved, what passes; notices, the dialog, the voice.

import { make } from "./outputs.js";
import { megabytes, say } from "./words.js";

const bar = document.getElementById("ws-bar");
const part = (name) => bar.querySelector(`[data-ws-${name}]`);
const notices = new Map(); // key -> element

export const parts = {
  runAll: part("run-all"),
  stop: part("stop"),
  resetAll: part("reset-all"),
  restart: part("restart"),
  open: part("open"),
  file: part("file"),
  download: part("download"),
};

export function showBar() {
  bar.hidden = false;
}

// state: loading, ready, busy, stopping, off
export function showPython(state, text) {
  part("python").dataset.wsPython = state;
  setText(part("python-text"), text);
  swap(parts.runAll, parts.stop, ["busy", "stopping"].includes(state));
  parts.runAll.disabled = state === "off";
  parts.restart.disabled = state === "off";
  if (state !== "loading") part("progress").hidden = true;
}

export function showProgress({ phase, loaded, total }) {
  const progress = part("progress");
  progress.hidden = false;
  if (total) progress.value = (100 * loaded) / total;
  if (phase === "start") return setText(part("python-text"), say("python_starting"));
  const key = phase === "packages" ? "python_packages" : "python_loading";
  setText(part("python-text"), say(key, { loaded: (loaded / 1e6).toFixed(1), total: megabytes(total) }));
}

export function hideProgress() {
  part("progress").hidden = true;
}

export function showSaved(text, tone = "") {
  setText(part("saved"), text);
  part("saved").dataset.tone = tone;
}

export function showChecks(passed, number) {
  setText(part("checks"), number ? say("checks_passed", { passed, number }) : "");
}

// For a screen reader alone: one sentence, the newest.
export function voice(text) {
  part("say").textContent = text;
}

// One notice of each key. buttons: [[text, what to do]]; what returns false leaves the notice.
export function notice(key, tone, text, buttons = []) {
  const box = template(`ws-notice-${tone}`);
  box.setAttribute("role", tone === "bad" || tone === "warn" ? "alert" : "status");
  box.querySelector("[data-text]").textContent = text;
  box.querySelector("[data-buttons]").append(
    ...buttons.map(([label, act]) => button(label, "", () => act() !== false && endNotice(key))),
  );
  const old = notices.get(key);
  if (old) old.replaceWith(box);
  else part("notices").append(box);
  notices.set(key, box);
}

export function endNotice(key) {
  const box = notices.get(key);
  if (!box) return;
  const hadFocus = box.contains(document.activeElement);
  box.remove();
  notices.delete(key);
  if (hadFocus) parts.runAll.focus();
}

export function template(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

export function button(text, kind, act) {
  const made = template("ws-button");
  if (kind) made.classList.add(`button-${kind}`);
  made.querySelector("span").textContent = text;
  made.addEventListener("click", act);
  return made;
}

export function linkButton(text, href, kind = "") {
  const link = make("a", kind ? `button button-${kind}` : "button", text);
  link.href = href;
  return link;
}

// Opens the one dialog. buttons: [[text, kind, value]]; gives the value of the one that was pressed, "" for Escape.
export function ask(title, body, buttons) {
  const dialog = document.getElementById("ws-dialog");
  dialog.querySelector("h2").textContent = title;
  dialog.querySelector("[data-body]").replaceChildren(...body);
  dialog.querySelector("[data-buttons]").replaceChildren(
    ...buttons.map(([text, kind, value]) => button(text, kind, () => dialog.close(value))),
  );
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((answer) => dialog.addEventListener("close", () => answer(dialog.returnValue), { once: true }));
}

export function closeDialog(value) {
  document.getElementById("ws-dialog").close(value);
}

// A button to stop in the place of one to start, with its focus; not for the second half of a double click.
const shown = new WeakMap();
const DOUBLE_CLICK = 600; // ms

export function swap(start, stop, isActive) {
  if (stop.hidden !== isActive) return;
  const [from, to] = isActive ? [start, stop] : [stop, start];
  const hadFocus = document.activeElement === from;
  [from.hidden, to.hidden] = [true, false];
  shown.set(stop, Date.now());
  if (hadFocus) to.focus({ preventScroll: true });
}

export function isTooSoon(stop) {
  return Date.now() - shown.get(stop) < DOUBLE_CLICK;
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
