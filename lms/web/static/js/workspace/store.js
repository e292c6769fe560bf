// Answers that have not arrived yet, kept on this device: for one person, one exercise and one opening of its page, so that
// two windows never overwrite each other. page.js forgets them when she signs out by hand.

const DAYS = 7;

export class Store {
  #prefix;
  #own;

  constructor({ person, run, unit }) {
    this.#prefix = `baeum:draft:${person}:workspace:${run}:${unit}:`;
    this.#own = this.#prefix + Math.random().toString(36).slice(2, 12);
  }

  // entry: {at, base, answers, own}. Returns whether it is kept.
  keep(entry) {
    try {
      localStorage.setItem(this.#own, JSON.stringify(entry));
      return true;
    } catch {
      return false; // full or switched off
    }
  }

  drop() {
    this.forget(this.#own);
  }

  forget(key) {
    try {
      localStorage.removeItem(key);
    } catch {
      // switched off: nothing was kept
    }
  }

  // What other openings of the page left behind, the newest first.
  left() {
    const found = this.#keys().map((key) => ({ key, ...read(key) })).filter((entry) => entry.answers);
    const young = (entry) => Date.now() - entry.at < DAYS * 86400e3;
    for (const entry of found) if (!young(entry)) this.forget(entry.key);
    return found.filter(young).sort((one, other) => other.at - one.at);
  }

  #keys() {
    try {
      return Object.keys(localStorage).filter((key) => key.startsWith(this.#prefix) && key !== this.#own);
    } catch {
      return [];
    }
  }
}

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return {};
  }
}
