// The workspace: an exercise's cells with an editor, Python in the browser, answers that are saved while she types, and 제출.
// The server wrote the whole page; this finds its pieces and lets them work together. Nothing here gives a grade.

import { postForm, useTokenFrom } from "./api.js";
import { endNotice, isTooSoon, linkButton, notice, parts, showBar, showChecks, showPython, showSaved, template, voice } from "./bar.js";
import { Cell } from "./cells.js";
import { complete, enhance } from "./editor.js";
import { CLEANER } from "./outputs.js";
import { Running } from "./running.js";
import { Saving } from "./saving.js";
import { dayOf, say, timeOf, useWords } from "./words.js";

const island = JSON.parse(document.getElementById("workspace-data").textContent);
const workspace = document.getElementById("workspace");
useWords(island.words);
useTokenFrom(island.urls.draft);

let cells = []; // of the exercise and her own, in reading order
let undo = null; // answers and own cells before the last replacement
const running = new Running({ cells: () => cells });
const saving = new Saving({ island, read });
let problems = island.draft.problems ?? [];

begin();

function begin() {
  workspace.dataset.state = "ready";
  showBar();
  document.getElementById("ws-bar").after(keysHelp());
  for (const facts of island.cells) addCell(facts, workspace.querySelector(`[data-cell="${CSS.escape(facts.key)}"]`));
  putOwn(island.draft.own);
  showChecks(0, cells.filter((cell) => cell.isCheck && cell.runs).length);
  connect();
  saving.begin(island.draft);
  showProblems(problems);
  startPython();
  loadLater();
}

function addCell(facts, section, after = null) {
  const cell = new Cell(facts, section, { isOpen: island.is_open });
  if (after) cells.splice(cells.indexOf(after) + 1, 0, cell);
  else cells.push(cell);
  cell.addEventListener("change", () => saving.changed());
  cell.addEventListener("save", () => saving.flush());
  cell.addEventListener("run", () => run(cell));
  cell.addEventListener("next", () => (run(cell), nextOf(cell)?.focus()));
  cell.addEventListener("stop", () => running.stop());
  cell.addEventListener("reset", () => reset(cell));
  cell.addEventListener("remove", () => removeOwn(cell));
  return cell;
}

function run(cell) {
  if (!cell.runs) return;
  if (running.isOff) return explainOff();
  saving.flush();
  running.run(cell);
}

function nextOf(cell) {
  return cells.slice(cells.indexOf(cell) + 1).find((other) => other.editor);
}

// ---- What is in the cells

function read() {
  const answers = {};
  for (const cell of cells) if (cell.isEditable && cell.kind !== "own") answers[cell.key] = cell.source;
  return { answers, own: ownCells().map((cell) => ({ after: keyBefore(cell), source: cell.source })) };
}

function ownCells() {
  return cells.filter((cell) => cell.kind === "own");
}

function keyBefore(own) {
  const before = cells.slice(0, cells.indexOf(own)).filter((cell) => cell.kind !== "own");
  return before.at(-1)?.key ?? "";
}

function write(answers, own = null) {
  for (const cell of cells) if (cell.isEditable && cell.key in answers) cell.editor.set(answers[cell.key]);
  if (own && JSON.stringify(own) !== JSON.stringify(read().own)) putOwn(own);
}

function putOwn(own) {
  for (const cell of ownCells()) dropOwn(cell);
  for (const { after, source } of [...own].reverse()) addOwn(after, source);
}

let owns = 0;

function addOwn(after, source) {
  const before = cells.find((cell) => cell.key === after && cell.kind !== "own");
  const section = template("own-cell");
  owns += 1;
  const key = `own-${owns}`;
  section.dataset.cell = key;
  section.id = key;
  const area = section.querySelector("textarea");
  area.value = source;
  area.id = `source-${key}`;
  if (before) before.section.after(section);
  else cells[0].section.before(section);
  const facts = { key, id: key, kind: "own", cell_type: "code", source: "", number: 0 };
  return addCell(facts, section, before ?? null) && (before ? null : cells.unshift(cells.pop()));
}

function dropOwn(cell) {
  cells = cells.filter((other) => other !== cell);
  cell.remove();
}

function removeOwn(cell) {
  replace(() => dropOwn(cell), say("removed"));
}

// Something takes the place of her answers: what was there can be brought back.
function replace(act, text) {
  const before = read();
  undo = before;
  act();
  saving.changed();
  notice("undo", "calm", text, [
    [say("undo"), () => (write(undo.answers, undo.own), saving.changed(), voice(say("undone")))],
    [say("close"), () => {}],
  ]);
}

function reset(cell) {
  replace(() => cell.editor.set(cell.facts.source), say("reset_done", { cell: cell.label }));
  cell.outputs?.clear();
  cell.focus();
}

function resetAll() {
  replace(() => {
    for (const cell of cells) if (cell.isEditable && cell.kind !== "own") cell.editor.set(cell.facts.source);
    for (const cell of ownCells()) dropOwn(cell);
  }, say("reset_all_done"));
  for (const cell of cells) cell.outputs?.clear();
}

function bringBack(answers, own, number) {
  replace(() => write(answers, own), say("brought_back", { number }));
}

// ---- The bar

function connect() {
  parts.runAll.addEventListener("click", () => (running.isOff ? explainOff() : (saving.flush(), running.runAll())));
  parts.stop.addEventListener("click", () => isTooSoon(parts.stop) || running.stop());
  parts.restart.addEventListener("click", () => (closeMenu(), running.restart()));
  parts.resetAll.addEventListener("click", () => (closeMenu(), resetAll()));
  parts.open.addEventListener("click", () => (closeMenu(), parts.file.click()));
  parts.file.addEventListener("change", openFile);
  parts.download.addEventListener("click", saveThenFollow);
  parts.resetAll.hidden = parts.open.hidden = !island.is_open;
  document.addEventListener("submit", signOutSafely, true);
  const answers = { status: showStatus, conflict: offerOther, left: offerLeft, problems: showProblems, pulled: showPulled, back: showBack };
  for (const [kind, act] of Object.entries(answers)) saving.addEventListener(kind, ({ detail }) => act(detail));
  if (!navigator.onLine) showStatus({ status: "offline", isKept: true });
}

function closeMenu() {
  document.querySelector("#ws-bar details[open]")?.removeAttribute("open");
}

async function openFile() {
  const [file] = parts.file.files;
  if (!file) return;
  const form = new FormData();
  form.append("notebook", file);
  parts.file.value = "";
  try {
    const opened = await postForm(island.urls.read_notebook, form);
    const differing = opened.repairs?.length ?? 0;
    const doubt = differing ? ` ${say("opened_differs", { number: differing })}` : "";
    replace(() => write(opened.answers, opened.own), say("opened") + doubt);
    showProblems(opened.problems ?? []);
  } catch (error) {
    notice("open", "bad", error.message || say("unreachable"), [[say("close"), () => {}]]);
  }
}

// The file has what was saved, so what is in the cells is saved first.
async function saveThenFollow(event) {
  closeMenu();
  if (!saving.isDirty) return;
  event.preventDefault();
  await saving.flush();
  location.assign(parts.download.href);
}

function showStatus({ status, at, message, body, isKept }) {
  const words = { typing: "typing", saving: "saving", offline: "kept_here", signed_out: "kept_here", waiting: "kept_here", refused: "typing", closed: "typing" };
  const isWarning = !["saved", "typing", "saving"].includes(status);
  showSaved(status === "saved" ? (at ? say("saved_at", { time: timeOf(at) }) : "") : say(words[status]), isWarning ? "warn" : "");
  if (status === "saved" || status === "typing" || status === "saving") return endNotice("saving");
  const kept = isKept ? "" : ` ${say("not_kept")}`;
  const tell = (tone, text, buttons = []) => notice("saving", tone, text + kept, buttons);
  if (status === "offline") tell("warn", say("offline"));
  else if (status === "waiting") tell("warn", say("not_saved"));
  else if (status === "signed_out") {
    tell("warn", say("sign_in_needed"));
    const link = linkButton(say("sign_in"), body.sign_in ?? location.href);
    link.target = "_blank";
    document.querySelector("[data-ws-notices] .callout:last-child [data-buttons]").append(link);
  } else tell("bad", message || say("failed"));
}

function showBack() {
  endNotice("saving");
  voice(say("back_online"));
}

function showProblems(found) {
  problems = found;
  const own = ownCells();
  for (const cell of cells) {
    const name = cell.kind === "own" ? `own:${own.indexOf(cell)}` : cell.key;
    cell.showProblems(found.filter((problem) => problem.cell === name));
  }
}

function showPulled({ answers, own, isLocal }) {
  write(answers, own);
  if (!isLocal) voice(say("updated"));
}

function offerOther(other) {
  offer("conflict", say("conflict"), other, other.saved_at, () => saving.settle());
}

function offerLeft(entry) {
  offer(`left-${entry.key}`, say("local_other", { time: dayOf(entry.at) }), entry, entry.at, entry.drop);
}

function offer(key, text, other, moment, settle) {
  const look = async () => {
    const { showDifferences } = await import("./differences.js");
    const about = say("other_at", { time: dayOf(moment) });
    const take = (answers, own) => replace(() => write(answers, own), say("taken"));
    const taken = await showDifferences({ cells: cells.filter((cell) => cell.isEditable), own: read().own, other, title: say("other_title"), about, take });
    if (!taken) return;
    settle();
    endNotice(key);
  };
  notice(key, "warn", text, [[say("look_at_other"), () => (look(), false)], [say("drop_other"), settle]]);
}

// Who signs out takes her answers along: they go up first, and only then the device forgets them (page.js).
function signOutSafely(event) {
  const form = event.target;
  if (!form.matches("[data-sign-out]")) return;
  const isIdle = Boolean(form.elements.idle?.value);
  if (!saving.isDirty || saving.left || isIdle) return isIdle ? null : saving.stop();
  event.preventDefault();
  event.stopImmediatePropagation();
  saving.flush().then((arrived) => {
    const leave = () => (saving.stop(), form.requestSubmit());
    if (arrived) return leave();
    notice("sign-out", "bad", say("sign_out_unsaved"), [[say("stay"), () => {}], [say("sign_out_anyway"), leave]]);
  });
}

// ---- Python and what comes after the page

async function startPython() {
  if (!island.runtime) return pythonIsOff();
  showPython("loading", say("python_starting"));
  try {
    const { createKernel } = await import("./kernel/kernel.js");
    running.begin(
      createKernel({
        ...island.kernel,
        runtime: island.runtime,
        language: island.language,
        imports: island.imports,
        files: island.files,
        cells: island.cells,
        checkSeconds: island.cell_seconds,
      }),
    );
  } catch {
    showPython("off", say("python_off"));
    notice("python", "warn", say("python_network"), [[say("try_again"), () => location.reload()]]);
  }
}

function pythonIsOff() {
  showPython("off", say("python_off"));
  explainOff();
}

function explainOff() {
  if (!island.runtime) notice("python", "calm", say("python_none"), [[say("close"), () => {}]]);
}

async function loadLater() {
  await enhance();
  const { Handing } = await import("./handing.js"); // until then the form is a plain form
  new Handing({ island, cells: () => cells, saving, problems: () => problems, bringBack });
  const idle = window.requestIdleCallback ?? ((act) => setTimeout(act, 2000));
  idle(loadLast, { timeout: 8000 });
}

async function loadLast() {
  await complete(findNames);
  const { keepOffline } = await import("./kernel/offline.js");
  const later = ["./differences.js", CLEANER].map((name) => new URL(name, import.meta.url).href);
  keepOffline({ ...island.kernel, runtime: island.runtime }, { urls: [...island.files.map((file) => file.url), ...later] });
}

// For the editor's completion: what Python knows by now.
async function findNames(context) {
  const word = context.matchBefore(/[\p{L}_][\p{L}\p{N}_.]*/u);
  if (!word && !context.explicit) return null;
  const found = await running.completions(context.state.doc.toString(), context.pos);
  return found && found.options.length ? { from: found.from, options: found.options, validFor: /^[\p{L}\p{N}_]*$/u } : null;
}

function keysHelp() {
  const help = document.createElement("p");
  help.id = "ws-keys-help";
  help.className = "ws-keys-help small soft";
  help.textContent = say("keys");
  return help;
}
