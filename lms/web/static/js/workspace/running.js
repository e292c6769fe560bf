// Runs cells by the kernel: one, or all from the top, with the given code above that has not run yet; then the checks of what
// ran. Nothing of this counts as a grade.

import { notice, endNotice, hideProgress, showChecks, showProgress, showPython, voice } from "./bar.js";
import { say } from "./words.js";

const RUNNING = new Set(["queued", "waiting", "running"]);

export class Running {
  #kernel = null;
  #cells; // () => [Cell] in reading order
  #queue = []; // cells that were given to the kernel and are not done

  constructor({ cells }) {
    this.#cells = cells;
    this.state = "off";
  }

  // Without a kernel the page is for writing and handing in.
  begin(kernel) {
    this.#kernel = kernel;
    kernel.addEventListener("state", ({ detail }) => this.#state(detail));
    kernel.addEventListener("progress", ({ detail }) => this.state === "loading" || detail.phase === "packages" ? showProgress(detail) : null);
    kernel.addEventListener("output", ({ detail }) => this.#output(detail));
    kernel.addEventListener("restarted", ({ detail }) => this.#restarted(detail));
    this.#state({ state: kernel.state ?? "loading" });
    kernel.start()?.catch?.(() => {}); // the state tells
  }

  async run(cell) {
    const before = this.#givenBefore(cell);
    if (cell.isCheck) return this.#check([cell], [...before, ...this.#answersOf(cell)]);
    await this.#runInTurn([...before, cell]);
    const checks = this.#checks().filter((check) => check.facts.for?.includes(cell.key));
    if (this.#kernel.hasRun(cell.key)) return this.#check(checks, []);
    for (const check of checks) if (check.outcome?.isOurs) check.showOutcome(null); // it was of another answer
    const { passed, number } = this.#counted();
    showChecks(passed, number);
  }

  async runAll() {
    const cells = this.#cells().filter((cell) => cell.runs && !cell.isCheck);
    const done = await this.#runInTurn(cells);
    if (done.some((result) => result.interrupted)) return;
    await this.#check(this.#checks(), []);
    const errors = done.filter((result) => !result.ok).length;
    const { passed, number } = this.#counted();
    voice([say("said_all"), errors ? say("said_errors", { number: errors }) : "", number ? say("checks_passed", { passed, number }) : ""].join(" "));
  }

  stop() {
    return this.#kernel?.interrupt();
  }

  restart() {
    return this.#kernel?.restart();
  }

  async completions(code, position) {
    return this.#kernel?.state === "ready" ? this.#kernel.completions(code, position) : null;
  }

  get isOff() {
    return this.state === "off" || this.state === "failed";
  }

  // Given code that has not run is run first: who forgets the imports learns nothing from a NameError.
  #givenBefore(cell) {
    const cells = this.#cells();
    const above = cells.slice(0, cells.indexOf(cell));
    return above.filter((other) => other.kind === "given" && other.runs && !this.#kernel.hasRun(other.key) && !isActive(other));
  }

  #answersOf(check) {
    const keys = check.facts.for ?? [];
    const stale = (cell) => !this.#kernel.hasRun(cell.key) || cell.ranSource !== cell.source;
    return this.#cells().filter((cell) => keys.includes(cell.key) && cell.runs && stale(cell) && !isActive(cell));
  }

  #checks() {
    return this.#cells().filter((cell) => cell.isCheck && cell.runs);
  }

  async #runInTurn(cells) {
    const results = cells.map((cell) => this.#start(cell));
    return Promise.all(results);
  }

  async #start(cell) {
    cell.ranSource = cell.source;
    cell.outputs?.clear();
    this.#queue.push(cell);
    cell.show("queued", say(this.#isUp ? "waiting_turn" : "queued"));
    this.#showFirst();
    const result = await this.#kernel.run(cell.key, cell.ranSource);
    this.#queue = this.#queue.filter((other) => other !== cell);
    this.#finish(cell, result);
    this.#showFirst();
    return result;
  }

  get #isUp() {
    return this.#kernel.state === "ready" || this.#kernel.state === "busy";
  }

  // The kernel runs them in order: the first that waits is the one that runs.
  #showFirst() {
    const [first] = this.#queue;
    if (first && this.#isUp && first.section.dataset.run !== "running") first.show("running", say("running"));
  }

  #finish(cell, { ok, interrupted, ms, error }) {
    if (interrupted) {
      cell.show("stopped", say("ran_stopped"));
      voice(say("said_stopped", { cell: cell.label }));
    } else if (ok) {
      cell.show("ok", say("ran", { seconds: Math.max(0.1, ms / 1000).toFixed(ms < 9950 ? 1 : 0) }));
      if (!this.#queue.length) voice(cell.outputs?.isEmpty === false ? say("said_output", { cell: cell.label, output: cell.outputs.spoken }) : say("said_done", { cell: cell.label }));
    } else {
      cell.show("error", say("ran_with_error"));
      voice(say("said_error", { cell: cell.label, name: error?.ename ?? "", explanation: error?.explanation || error?.evalue || "" }));
    }
    cell.changed();
  }

  async #check(checks, before) {
    if (!checks.length) return;
    for (const check of checks) check.show("waiting", say(this.#isUp ? "running" : "queued"));
    const done = await this.#runInTurn(before);
    if (done.some((result) => result.interrupted)) return checks.forEach((check) => check.show("stopped", say("ran_stopped")));
    const outcomes = await this.#kernel.runChecks(checks.map((check) => check.key));
    for (const check of checks) {
      check.show("", "");
      const outcome = outcomes.find(({ name }) => name === (check.key));
      if (outcome) check.showOutcome({ ...outcome, message: outcome.outcome === "passed" ? say("check_visible") : outcome.message, isOurs: true });
    }
    const { passed, number } = this.#counted();
    showChecks(passed, number);
    if (checks.length === 1) voice(checks[0].section.querySelector(".check-result").textContent);
    else voice(say("checks_passed", { passed, number }));
  }

  #counted() {
    const checks = this.#checks();
    return { passed: checks.filter((check) => check.outcome?.outcome === "passed").length, number: checks.length };
  }

  #output({ cell: key, op, output }) {
    const cell = this.#cells().find((other) => other.key === key);
    if (op === "update") return this.#cells().some((other) => other.outputs?.update(output));
    if (!cell?.outputs) return;
    if (op === "clear") cell.outputs.clear();
    else cell.outputs.append(output);
  }

  #state({ state, reason, message }) {
    this.state = state;
    if (state === "failed") return this.#failed(reason, message);
    if (state === "disposed") return;
    endNotice("python");
    const words = { idle: "python_starting", loading: "python_starting", ready: "python_ready", busy: "python_busy", stopping: "python_stopping" };
    showPython(state === "idle" ? "loading" : state, say(words[state]));
    if (state === "ready") hideProgress();
    this.#showFirst();
  }

  #failed(reason, message) {
    showPython("off", say("python_off"));
    const words = { unsupported: "python_old", no_runtime: "python_none", network: "python_network", memory: "python_memory" };
    const again = !["unsupported", "no_runtime"].includes(reason);
    notice("python", "warn", words[reason] ? say(words[reason]) : message || say("python_crashed"), again ? [[say("try_again"), () => void this.#kernel.start()]] : []);
    for (const cell of this.#cells()) if (cell.runs && isActive(cell)) cell.show("", "");
  }

  #restarted({ reason }) {
    for (const cell of this.#cells()) {
      if (!cell.runs) continue;
      if (isActive(cell)) cell.show("stopped", say("ran_stopped"));
      cell.ranSource = null;
    }
    const text = reason === "memory" ? say("python_memory") : say("python_lost");
    notice("restarted", "calm", text, [[say("run_all_again"), () => void this.runAll()], [say("close"), () => {}]]);
  }
}

function isActive(cell) {
  return RUNNING.has(cell.section.dataset.run);
}
