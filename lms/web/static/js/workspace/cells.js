// The cells of the page as the server wrote them, each with its tools, editor, output and outcome.

import { Editor } from "./editor.js";
import { make, Outputs, withCode } from "./outputs.js";
import { isTooSoon, swap, template } from "./bar.js";
import { points, say } from "./words.js";

// facts: a cell of the island
export class Cell extends EventTarget {
  editor = null;
  outputs = null;
  ranSource = null; // what ran last, to say that it changed since
  #said = ""; // of the last run
  #timer = 0;

  constructor(facts, section, { isOpen }) {
    super();
    Object.assign(this, { key: facts.key, id: facts.id, kind: facts.kind, facts, section });
    this.isCode = facts.cell_type === "code";
    this.label = nameOf(facts, section);
    if (this.isCode || this.isEditable) this.#addNumber();
    this.isEditable = Boolean(facts.editable) || facts.kind === "own";
    this.runs = this.isCode && facts.kind !== "text" && !(facts.kind === "check" && facts.hidden);
    if (this.isEditable) this.#addEditor(isOpen);
    if (this.runs || this.isEditable) this.#addTools(isOpen);
    if (this.kind === "check") this.showOutcome(null);
    const output = section.querySelector(".cell-output");
    if (output) this.outputs = new Outputs(output, { label: this.label, toLine: (line) => this.focus(line) });
  }

  get source() {
    return this.editor ? this.editor.text : this.facts.source;
  }

  get isCheck() {
    return this.kind === "check";
  }

  get isUntouched() {
    return this.source === this.facts.source;
  }

  focus(line = 0) {
    if (this.editor) this.editor.focus(line);
    else (this.section.querySelector("button:not([hidden])") ?? this.section).focus();
  }

  // state: "", queued, waiting, running, ok, error, stopped
  show(state, text = "") {
    clearInterval(this.#timer);
    this.section.dataset.run = state;
    const active = ["queued", "waiting", "running"].includes(state);
    swap(this.#tool("run"), this.#tool("stop"), active);
    const place = this.section.querySelector("[data-state]");
    place.textContent = this.#said = text;
    if (state !== "running") return;
    const since = Date.now();
    this.#timer = setInterval(() => (place.textContent = say("running_for", { seconds: Math.round((Date.now() - since) / 1000) })), 1000);
  }

  // outcome: what the browser's check gave, or the server's; null: nothing known
  showOutcome(outcome, before = "") {
    this.outcome = outcome;
    const place = this.section.querySelector(".check-result");
    const { hidden, manual } = this.facts;
    this.section.dataset.outcome = outcome?.outcome ?? "";
    if (!outcome) return place.replaceChildren(...(hidden || manual ? [sentence(say(hidden ? "check_hidden" : "check_manual"))] : []));
    const head = make("p", "check-result-head", before && `${before} `);
    head.append(template(`ws-badge-${outcome.outcome}`));
    if (before && outcome.points !== null) head.append(` ${say("check_points", { points: points(outcome.points), max: points(outcome.max_points) })}`);
    place.replaceChildren(head, ...(outcome.message ? [sentence(outcome.message)] : []));
  }

  showProblems(problems) {
    const place = this.section.querySelector(".cell-problems");
    if (!place) return;
    place.replaceChildren(
      ...problems.map(({ line, message }) => {
        const text = make("p", "problem");
        text.append(make("strong", "", say("problem_line", { line })), ` ${message}`);
        return text;
      }),
    );
  }

  changed() {
    this.section.classList.toggle("cell-untouched", this.isUntouched);
    if (this.ranSource !== null && ["ok", "error"].includes(this.section.dataset.run)) {
      this.section.querySelector("[data-state]").textContent = this.ranSource === this.source ? this.#said : say("changed_since");
    }
    this.#tool("reset", (button) => (button.hidden = this.kind === "own" || this.isUntouched));
  }

  remove() {
    this.editor.close();
    this.section.remove();
  }

  #addEditor(isOpen) {
    const area = this.section.querySelector("textarea.cell-editor");
    this.editor = new Editor(area, { label: this.label, describedby: "ws-keys-help", isCode: this.isCode, isOpen });
    this.editor.addEventListener("change", () => {
      this.changed();
      this.#tell("change");
    });
    for (const kind of ["run", "next", "save"]) this.editor.addEventListener(kind, () => this.#tell(kind));
    if (this.isCode && isOpen) this.#addKeys();
  }

  // A row of keys that a phone's keyboard hides; they leave the focus, and so the keyboard, where it is.
  #addKeys() {
    const keys = template("ws-keys");
    keys.addEventListener("pointerdown", (event) => event.preventDefault());
    keys.addEventListener("click", ({ target }) => {
      const key = target.closest("[data-key]")?.dataset.key;
      if (key) this.editor.press(key);
    });
    this.section.querySelector(".cell-tools").before(keys);
    // They stay: if they went with the focus, what is pressed next would move away under the finger.
    this.editor.addEventListener("focus", () => this.section.classList.add("cell-written"));
  }

  #addTools(isOpen) {
    const tools = template("ws-tools");
    this.section.querySelector(".cell-tools").append(tools);
    const names = { run: this.isCheck ? "check_cell" : "run_cell", stop: "stop_cell", reset: "reset_cell", remove: "remove_cell" };
    for (const [name, words] of Object.entries(names)) {
      this.#tool(name, (button) => {
        button.setAttribute("aria-label", say(words, { cell: this.label }));
        button.addEventListener("click", () => name === "stop" && isTooSoon(button) ? null : this.#tell(name));
      });
    }
    this.#tool("run").hidden = !this.runs;
    if (this.isCheck) this.#tool("run").querySelector("span").textContent = say("check");
    this.#tool("reset").hidden = !this.isEditable || !isOpen || this.kind === "own" || this.isUntouched;
    this.#tool("remove").hidden = this.kind !== "own" || !isOpen;
    if (this.isEditable) this.#tool("run").classList.add("button-primary");
  }

  // The place that messages speak of.
  #addNumber() {
    const title = this.section.querySelector(".cell-title");
    if (title && this.facts.number) title.append(" ", make("span", "cell-number number soft", say("cell_number", { number: this.facts.number })));
  }

  #tool(name, act = (button) => button) {
    const button = this.section.querySelector(`[data-${name}]`);
    return button && act(button);
  }

  #tell(name) {
    this.dispatchEvent(new Event(name));
  }
}

function nameOf(facts, section) {
  const title = section.querySelector(".cell-title");
  if (title) return title.textContent.replace(/\s+/g, " ").trim();
  if (facts.kind === "own") return say("own_cell");
  return section.getAttribute("aria-label") ?? say("given_cell", { number: facts.number });
}

function sentence(text) {
  const line = make("p", "check-message");
  line.append(...withCode(text));
  return line;
}
