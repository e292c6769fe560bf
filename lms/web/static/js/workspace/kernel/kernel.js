// The page's side of Python in the browser: fetches the runtime, hands it to a worker in a sandboxed frame, runs cells and
// visible checks there one after another. What comes back was made by somebody's code: it is data, checked here.

import { fetchFile, Progress } from "./download.js";
import { readCompletions, readDone, readSteps, readVerdict, text } from "./messages.js";

const HELLO_MS = 20_000; // for the frame's document
const STOP_MS = 3_000; // for an interrupt to be heard

export function createKernel(options) {
  return new Kernel(options);
}

class Kernel extends EventTarget {
  #options;
  #state = "idle";
  #frame = null;
  #port = null;
  #token = "";
  #canInterrupt = false;
  #jobs = []; // waiting, the first one running once Python is ready
  #waiting = new Map(); // id -> what to call with the answer
  #ran = new Set();
  #numbers = 0;
  #generation = 0; // of the worker: messages of an earlier one count no more
  #bundle = null;
  versions = {};

  constructor(options) {
    super();
    this.#options = { language: "ko", imports: [], files: [], cells: [], checkSeconds: 20, container: document.body, ...options };
  }

  get state() {
    return this.#state;
  }

  get canInterrupt() {
    return this.#canInterrupt;
  }

  hasRun(key) {
    return this.#ran.has(key);
  }

  // Until Python is ready; false where it can't be. Called again after a failure it tries again.
  async start() {
    if (!["idle", "failed"].includes(this.#state)) return this.#settled();
    const generation = ++this.#generation;
    this.#drop();
    this.#become("loading");
    try {
      if (!this.#options.runtime) throw new Failure("no_runtime");
      if (typeof WebAssembly !== "object" || typeof MessageChannel !== "function") throw new Failure("unsupported");
      await this.#begin(generation);
    } catch (error) {
      if (generation === this.#generation) this.#fail(error instanceof Failure ? error.reason : "network");
    }
    return this.#state === "ready" || this.#state === "busy";
  }

  // The answer of `done`, whether it went well or not.
  run(key, source) {
    return this.#queue({ type: "run", key, source: String(source) });
  }

  // The verdicts on visible checks, all that there are or those named.
  async runChecks(names = null) {
    const found = this.#options.cells.filter((cell) => cell.kind === "check" && (names === null || names.includes(cell.key)));
    return Promise.all(found.map((cell) => this.#queue({ type: "check", key: cell.key, cell })));
  }

  // "idle", "stopped" (variables are kept) or "restarted" (they are gone).
  async interrupt() {
    const [current, ...rest] = this.#jobs;
    this.#jobs = current ? [current] : [];
    for (const job of rest) job.finish(this.#stopped(job));
    if (!current?.begun) {
      if (current) this.#jobs.shift().finish(this.#stopped(current));
      return "idle";
    }
    this.#become("stopping");
    if (this.#canInterrupt) {
      const again = setInterval(() => this.#signal(), 200); // one may come where Python doesn't look
      this.#signal();
      const isHeard = await Promise.race([current.promise.then(() => true), wait(STOP_MS).then(() => false)]);
      clearInterval(again);
      if (isHeard) return "stopped";
    }
    await this.#restart("interrupt");
    return "restarted";
  }

  restart() {
    return this.#restart("asked");
  }

  dispose() {
    this.#generation++;
    this.#drop();
    this.#become("disposed");
  }

  // Names to offer at a place of the code, null where there are none or Python is at work.
  async completions(code, position) {
    if (this.#state !== "ready") return null;
    const answer = await this.#ask({ type: "complete", code: String(code), position });
    return readCompletions(answer?.result, code.length);
  }

  // Start

  async #begin(generation) {
    const { runtime, files } = this.#options;
    const packages = runtime.start ?? [];
    const names = [...runtime.core, ...packages.map((name) => runtime.packages[name].file)];
    const progress = new Progress(names.map((name) => runtime.files[name]), (loaded, total) => {
      if (generation === this.#generation) this.#tell("progress", { phase: "download", loaded, total });
    });
    const bundle = this.#load();
    const opened = this.#open(bundle, generation);
    const sent = names.map(async (name, index) => {
      const bytes = await fetchFile(runtime.base + name, runtime.files[name], (loaded, of) => progress.add(index, loaded, of));
      await opened;
      if (generation === this.#generation) this.#port.postMessage({ type: "file", name, bytes }, [bytes]);
    });
    const data = Promise.all(files.map(async ({ path, url }) => [path, await fetchFile(url)]));
    const first = Promise.all([...sent, data.then(() => {})]);
    first.catch(() => {}); // told below
    await opened;
    if (generation !== this.#generation) return; // started again meanwhile
    const ready = new Promise((resolve, reject) => this.#waiting.set("ready", { resolve, reject }));
    data.then((entries) => {
      if (generation === this.#generation) this.#port.postMessage(this.#startMessage(packages, entries));
    }, () => {});
    first.then(() => generation === this.#generation && this.#tell("progress", { phase: "start", loaded: 0.3, total: 1 }), () => {});
    this.#bundle = await bundle;
    const told = await Promise.race([ready, first.then(() => ready)]);
    if (generation !== this.#generation) return;
    this.versions = Object.fromEntries(Object.entries(told.versions ?? {}).map(([name, value]) => [text(name, 100), text(value, 100)]));
    this.#tell("progress", { phase: "start", loaded: 1, total: 1 });
    this.#become("ready");
    this.#next();
  }

  #startMessage(packages, entries) {
    const { language, cells, checkSeconds } = this.#options;
    const told = cells.filter((cell) => cell.kind !== "text");
    return {
      type: "start",
      packages,
      python: this.#bundle.python,
      data: Object.fromEntries(entries),
      options: JSON.stringify({ language, cells: told, seconds: checkSeconds }),
    };
  }

  // Our own Python and the worker's source, as text.
  async #load() {
    this.#bundle ??= JSON.parse(new TextDecoder().decode(await fetchFile(this.#options.bundle)));
    return this.#bundle;
  }

  async #open(bundle, generation) {
    const { worker } = await bundle;
    const hello = (await this.#greet(generation, true)) ?? (await this.#greet(generation, false));
    if (generation !== this.#generation) return;
    if (!hello) throw new Failure("network");
    this.#canInterrupt = hello.canInterrupt === true;
    this.#token = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = ({ data }) => generation === this.#generation && this.#hear(data);
    this.#frame.contentWindow.postMessage({ type: "start", token: this.#token, worker }, "*", [port2]);
  }

  // The frame's first word, null where it doesn't come. Its answer itself says that it is sandboxed; the attribute says it again
  // and brings isolation, but a service worker can't answer for a frame that has it, which matters without network.
  async #greet(generation, isDoubled) {
    if (generation !== this.#generation) return null; // started again meanwhile: the frame is another's
    this.#frame?.remove();
    const frame = document.createElement("iframe");
    if (isDoubled) frame.setAttribute("sandbox", "allow-scripts");
    frame.setAttribute("allow", "cross-origin-isolated");
    frame.hidden = true;
    frame.tabIndex = -1;
    frame.title = "Python";
    const hello = new Promise((resolve) => {
      const hear = (event) => {
        if (event.source !== frame.contentWindow || event.origin !== "null") return;
        if (event.data?.type === "hello") resolve(event.data);
        else if (event.data?.type === "broken" && event.data.token === this.#token) this.#lost(generation, "crashed");
      };
      addEventListener("message", hear);
      this.#unhear = () => removeEventListener("message", hear);
      frame.addEventListener("load", () => wait(1_000).then(() => resolve(null)));
      wait(HELLO_MS).then(() => resolve(null));
    });
    frame.src = this.#options.frame;
    this.#options.container.append(frame);
    this.#frame = frame;
    const told = await hello;
    if (!told && generation === this.#generation) this.#unhear();
    return told;
  }
  #unhear = () => {};

  #drop() {
    this.#unhear();
    this.#port?.close();
    this.#frame?.remove(); // its worker ends with it
    this.#port = this.#frame = null;
    this.#token = "";
    this.#ran.clear();
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { resolve, reject } of waiting) reject ? reject(new Failure("crashed")) : resolve(null);
  }

  // Work

  #queue(job) {
    job.promise = new Promise((resolve) => (job.finish = resolve));
    this.#jobs.push(job);
    this.#next();
    return job.promise;
  }

  async #next() {
    const job = this.#jobs[0];
    if (!job || job.begun || this.#state !== "ready") return;
    job.begun = true;
    job.id = String(++this.#numbers);
    job.generation = this.#generation;
    this.#become("busy");
    const told = await (job.type === "run" ? this.#runCell(job) : this.#runCheck(job));
    if (job.generation !== this.#generation || this.#jobs[0] !== job) return; // it was lost with its worker
    this.#jobs.shift();
    if (this.#state === "busy" || this.#state === "stopping") this.#become("ready");
    if (job.type === "run") this.#tell("done", told);
    job.finish(told);
    this.#next();
  }

  async #runCell(job) {
    const { key, source } = job;
    const cell = this.#options.cells.find((one) => one.key === key);
    const message = { type: "run", key, source, number: cell?.number ?? 0 };
    let answer = await this.#ask({ ...message, known: Object.keys(this.#options.runtime.modules) }, job);
    if (answer?.type === "lacking") {
      await this.#bring(answer.names);
      answer = await this.#ask({ ...message, known: [] }, job);
    }
    const told = readDone(key, answer);
    if (told.ok) this.#ran.add(key);
    else this.#ran.delete(key);
    return told;
  }

  async #runCheck(job) {
    const late = setInterval(() => this.#late(job), this.#options.checkSeconds * 1000);
    const answer = await this.#ask({ type: "check", key: job.key }, job);
    clearInterval(late);
    return readVerdict(job.cell, answer?.result);
  }

  #late(job) {
    if (job.isLate || !this.#canInterrupt) this.#restart("interrupt");
    else this.#signal(true);
    job.isLate = true;
  }

  // Libraries that an import asks for. What can't be fetched stays away, and the import says so.
  async #bring(names) {
    const { runtime } = this.#options;
    const known = (Array.isArray(names) ? names : []).map(String).filter((name) => Object.hasOwn(runtime.modules, name));
    const wanted = new Set(known.map((name) => runtime.modules[name]).flatMap((name) => [...runtime.packages[name].needs, name]));
    const packages = [...wanted].filter((name) => !(name in this.versions));
    const files = packages.map((name) => runtime.packages[name].file);
    const progress = new Progress(files.map((name) => runtime.files[name]), (loaded, total) =>
      this.#tell("progress", { phase: "packages", loaded, total }),
    );
    try {
      await Promise.all(files.map(async (name, index) => {
        const bytes = await fetchFile(runtime.base + name, runtime.files[name], (loaded, of) => progress.add(index, loaded, of));
        this.#port?.postMessage({ type: "file", name, bytes }, [bytes]);
      }));
    } catch {
      return;
    }
    if (await this.#ask({ type: "install", packages })) {
      for (const name of packages) this.versions[name] = text(runtime.packages[name].version, 100);
    }
  }

  #ask(message, job = null) {
    const id = String(++this.#numbers);
    return new Promise((resolve) => {
      if (!this.#port) return resolve(null); // lost meanwhile
      this.#waiting.set(id, { resolve, key: job?.key ?? null });
      this.#port.postMessage({ ...message, id });
    });
  }

  #signal(isLate = false) {
    this.#frame?.contentWindow?.postMessage({ type: "interrupt", token: this.#token, isLate }, "*");
  }

  // What the worker says.

  #hear(message) {
    if (typeof message !== "object" || message === null) return;
    const waits = this.#waiting.get(message.id);
    if (message.type === "ready") this.#waiting.get("ready")?.resolve(message);
    else if (message.type === "phase") this.#tell("progress", { phase: "start", loaded: Number(message.loaded) || 0, total: 1 });
    else if (message.type === "failed") {
      console.info("Python:", text(message.message, 500));
      this.#lost(this.#generation, message.reason === "memory" ? "memory" : "crashed");
    } else if (message.type === "output" && waits?.key) this.#show(waits.key, message.steps);
    else if (["done", "checked", "lacking", "installed", "completed"].includes(message.type) && waits) {
      this.#waiting.delete(message.id);
      waits.resolve(message);
    }
  }

  #show(key, steps) {
    for (const step of readSteps(steps)) this.#tell("output", { cell: key, ...step });
  }

  // Python is gone. While it ran it is started again, at its start it failed.
  #lost(generation, reason) {
    if (generation !== this.#generation) return;
    if (this.#state === "loading") {
      this.#generation++;
      this.#drop();
      this.#fail(reason);
    } else if (["ready", "busy", "stopping"].includes(this.#state)) {
      this.#restart(reason);
    }
  }

  async #restart(reason) {
    const jobs = this.#jobs.splice(0);
    this.#generation++;
    this.#drop();
    this.#state = "idle";
    for (const job of jobs) {
      const told = this.#stopped(job);
      if (job.type === "run" && job.begun) this.#tell("done", told);
      job.finish(told);
    }
    this.#tell("restarted", { reason });
    return this.start();
  }

  #stopped(job) {
    if (job.type === "run") return { cell: job.key, ok: false, interrupted: true, ms: 0, count: 0, error: null };
    if (job.isLate) return readVerdict(job.cell, { outcome: "failed", message: this.#say("late").replace("{n}", this.#options.checkSeconds) });
    return readVerdict(job.cell, null, this.#say("stopped"));
  }

  #settled() {
    return new Promise((resolve) => {
      const look = () => {
        if (this.#state === "loading") return;
        this.removeEventListener("state", look);
        resolve(["ready", "busy", "stopping"].includes(this.#state));
      };
      this.addEventListener("state", look);
      look();
    });
  }

  #fail(reason) {
    this.#drop();
    for (const job of this.#jobs.splice(0)) job.finish(this.#stopped(job));
    this.#become("failed", reason);
  }

  #become(state, reason = "") {
    this.#state = state;
    this.#tell("state", { state, reason, message: reason ? this.#say(reason) : "" });
  }

  #say(key) {
    return (SENTENCES[key] ?? SENTENCES.crashed)[this.#options.language === "en" ? 1 : 0];
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

class Failure extends Error {
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

function wait(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

// In the exercise's language, as what Python says is.
const SENTENCES = {
  unsupported: [
    "이 브라우저에서는 파이썬을 쓸 수 없습니다. 브라우저를 새로 고치거나, 노트북을 내려받아 작성하세요.",
    "This browser is too old for Python. Update it, or download the notebook and work there.",
  ],
  no_runtime: [
    "이 사이트에는 브라우저용 파이썬이 준비되어 있지 않습니다. 노트북을 내려받아 작성하고 올리세요.",
    "Python for the browser isn't prepared on this site. Download the notebook, work there and upload it.",
  ],
  network: [
    "파이썬을 내려받지 못했습니다. 연결을 확인하고 다시 시도하세요. 쓴 답은 그대로 있습니다.",
    "Python could not be downloaded. Look at your connection and try again. Your answers are kept.",
  ],
  memory: [
    "메모리가 모자랍니다. 다른 탭을 닫고 더 작은 데이터로 다시 실행하세요. 쓴 답은 그대로 있습니다.",
    "There is not enough memory. Close other tabs and try again with less data. Your answers are kept.",
  ],
  crashed: [
    "파이썬이 갑자기 끝났습니다. 다시 시작하세요. 쓴 답은 그대로 있습니다.",
    "Python ended suddenly. Start it again. Your answers are kept.",
  ],
  stopped: ["중지해서 끝까지 실행하지 못했습니다.", "You stopped it before it came to its end."],
  late: [
    "정해진 시간({n}초) 안에 끝나지 않았습니다. 끝나지 않는 반복이 없는지 확인하세요.",
    "It did not end within {n} seconds. Look for a loop that never ends.",
  ],
};
