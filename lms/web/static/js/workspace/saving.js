// Keeps what she types: on this device at each change, on the server two seconds later. What doesn't arrive waits here and
// goes up by itself. Two windows: the last writer wins, the other answers are kept by the server and offered.

import { get, put, Refused } from "./api.js";
import { Store } from "./store.js";

const QUIET = 2000; // ms after the last change
const LONGEST = 10e3; // ms after the first, for who types without a pause
const KEEP = 250; // ms until a change is written on the device
const AGAIN = 15e3; // ms until the next try
const KEEPALIVE_BYTES = 60_000; // browsers send no more after a page is left

// Tells: "status" {status, at, message, body}, "conflict" {answers, own, saved_at}, "left" {answers, own, at, drop},
// "problems" [Problem], "pulled" {answers, own}, "back".
// status: saved, typing, saving, offline, signed_out, closed, refused, waiting, fresh
export class Saving extends EventTarget {
  #url;
  #read;
  #store;
  #revision;
  #sent; // the text that the server has, as one string
  #dirtySince = 0;
  #settled = false;
  #timers = {};
  #busy = null;
  #channel = null;
  status = "fresh";

  // read(): {answers, own} as they stand in the cells
  constructor({ island, read }) {
    super();
    this.#url = island.urls.draft;
    this.#read = read;
    this.#revision = island.draft.revision;
    this.#store = new Store(island);
    this.isOpen = island.is_open;
    this.#listen(island);
  }

  get revision() {
    return this.#revision;
  }

  get isDirty() {
    return this.#dirtySince > 0;
  }

  // Compares what the server sent with what this device kept; call once, when the cells hold the server's.
  begin(draft) {
    this.#sent = textOf(this.#read());
    if (draft.revision) this.#tell("saved", { at: draft.saved_at });
    const left = this.#store.left();
    for (const entry of left.filter((entry) => textOf(entry) === this.#sent)) this.#store.forget(entry.key);
    const [newest, ...others] = left.filter((entry) => textOf(entry) !== this.#sent);
    const isNewer = newest && (newest.base === draft.revision || newest.at > Date.parse(draft.saved_at ?? 0));
    if (newest && isNewer && this.isOpen) {
      this.#revision = newest.base;
      this.#emit("pulled", { answers: newest.answers, own: newest.own, isLocal: true });
      this.#store.forget(newest.key);
      this.changed();
    } else if (newest) others.unshift(newest);
    for (const entry of others) this.#emit("left", { ...entry, drop: () => this.#store.forget(entry.key) });
    if (draft.other) this.#emit("conflict", draft.other);
  }

  changed() {
    if (!this.isOpen) return;
    this.#dirtySince ||= Date.now();
    if (!["offline", "signed_out"].includes(this.status)) this.#tell("typing");
    clearTimeout(this.#timers.keep);
    this.#timers.keep = setTimeout(() => this.#keep(), KEEP);
    const wait = Math.max(0, Math.min(QUIET, this.#dirtySince + LONGEST - Date.now()));
    this.#schedule(wait);
  }

  // What the server kept beside ours is not needed any more.
  settle() {
    this.#settled = true;
    return this.flush();
  }

  // Saves now, and says whether everything has arrived.
  async flush() {
    clearTimeout(this.#timers.send);
    if (this.#busy) await this.#busy;
    if (!this.isOpen || (!this.isDirty && !this.#settled)) return true;
    this.#busy = this.#send();
    await this.#busy;
    this.#busy = null;
    return !this.isDirty;
  }

  // What a request must carry that saves by the way (handing in), and what to do with its answer.
  body() {
    return { base: this.#revision, ...this.#read(), settled: this.#settled };
  }

  async arrived(sent, { revision, saved_at, problems, other, is_conflict }) {
    this.#revision = revision;
    this.#sent = textOf(sent);
    if (sent.settled) this.#settled = false;
    if (textOf(this.#read()) === this.#sent) {
      this.#dirtySince = 0;
      clearTimeout(this.#timers.keep);
      this.#store.drop();
      this.#tell("saved", { at: saved_at });
    } else this.#schedule(QUIET);
    this.#emit("problems", problems ?? []);
    this.#channel?.postMessage({ revision });
    if (is_conflict && other) this.#emit("conflict", other);
  }

  // Has another window or device saved meanwhile? Where nothing waits here, its answers are shown.
  async pull() {
    if (this.#busy) return;
    try {
      const draft = await get(this.#url);
      if (["offline", "signed_out"].includes(this.status)) this.#back(draft);
      if (this.isDirty) return void this.flush();
      if (draft.revision <= this.#revision) return;
      this.#revision = draft.revision;
      this.#emit("pulled", { answers: draft.answers, own: draft.own });
      this.#sent = textOf(this.#read());
      this.#dirtySince = 0;
      this.#tell("saved", { at: draft.saved_at });
      this.#emit("problems", draft.problems);
      if (draft.other) this.#emit("conflict", draft.other);
    } catch (error) {
      this.#fail(error);
    }
  }

  async #send() {
    const sent = this.body();
    this.#keep();
    if (this.status === "saved" || this.status === "typing") this.#tell("saving");
    try {
      const answer = await put(this.#url, sent);
      if (["offline", "signed_out"].includes(this.status)) this.#back(answer);
      await this.arrived(sent, answer);
    } catch (error) {
      this.#fail(error);
    }
  }

  #back({ saved_at }) {
    this.#tell(this.isDirty ? "typing" : "saved", { at: saved_at });
    this.#emit("back", null);
  }

  #fail(error) {
    if (!(error instanceof Refused)) return this.#wait("offline");
    if (error.status === 401) return this.#tell("signed_out", { body: error.body });
    if (error.isOurs) return this.#wait("waiting");
    if (error.status === 409) this.isOpen = false;
    this.#tell(error.status === 409 ? "closed" : "refused", { message: error.message, body: error.body });
  }

  #wait(status) {
    this.#tell(status);
    this.#schedule(AGAIN);
  }

  #schedule(wait) {
    clearTimeout(this.#timers.send);
    this.#timers.send = setTimeout(() => (this.isDirty ? this.flush() : this.pull()), wait);
  }

  #keep() {
    clearTimeout(this.#timers.keep);
    if (this.isDirty && !this.left) this.isKept = this.#store.keep({ at: Date.now(), base: this.#revision, ...this.#read() });
  }

  // Signed out by hand: nothing is written down any more.
  stop() {
    this.left = true;
    this.isOpen = false;
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    this.#store.drop();
  }

  #listen({ person, run, unit }) {
    addEventListener("online", () => this.pull());
    addEventListener("offline", () => this.#tell("offline"));
    addEventListener("pagehide", () => this.#leave());
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#leave() : this.pull()));
    if (!("BroadcastChannel" in window)) return;
    this.#channel = new BroadcastChannel(`baeum:workspace:${person}:${run}:${unit}`);
    this.#channel.addEventListener("message", ({ data }) => data.revision > this.#revision && !this.isDirty && this.pull());
  }

  // The page may not come back: what is typed goes along while it can.
  #leave() {
    if (!this.isDirty || !this.isOpen) return;
    this.#keep();
    if (this.#busy) return;
    const sent = this.body();
    if (JSON.stringify(sent).length * 2 > KEEPALIVE_BYTES) return;
    put(this.#url, sent, { keepalive: true }).then((answer) => this.arrived(sent, answer), () => {});
  }

  #tell(status, more = {}) {
    this.status = status;
    this.#emit("status", { status, isKept: this.isKept !== false, ...more });
  }

  #emit(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}

export function textOf({ answers, own }) {
  return JSON.stringify([Object.entries(answers).sort(([one], [other]) => (one < other ? -1 : 1)), own]);
}
