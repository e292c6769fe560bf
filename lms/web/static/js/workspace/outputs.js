// What a cell gave: nbformat's outputs, in the order in which they came. They are the words of a stranger's code, so HTML
// enters the page only through DOMPurify, which comes with the first of it.

import { say } from "./words.js";

export const CLEANER = "../../vendor/dompurify-3.4.18/purify.js";
const KEPT = {
  ALLOWED_TAGS:
    "table thead tbody tfoot tr th td caption p div span br hr ul ol li dl dt dd pre code b strong i em u s sub sup small blockquote img".split(" "),
  ALLOWED_ATTR: ["colspan", "rowspan", "scope", "alt", "src", "title"],
  ALLOWED_URI_REGEXP: /^data:image\/(?:png|jpeg);base64,/i,
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
};
// Taken out before it is parsed, because the page's policy would complain of each; what is left of them goes as well.
const STYLES = /<style[^]*?<\/style\s*>|\sstyle\s*=\s*(?:"[^"]*"|'[^']*')/gi;
const SPOKEN = 200; // characters that are read out

export class Outputs {
  #place;
  #body;
  #shown = new Map(); // display_id -> element
  #last = null; // the stream that is being written: {name, text, pre}
  #fold;
  #measuring = false;

  // label: name of the cell; toLine: called with the line of an error
  constructor(place, { label, toLine }) {
    this.#place = place;
    this.label = label;
    this.toLine = toLine;
    this.clear();
  }

  get isEmpty() {
    return this.#body.childElementCount === 0;
  }

  clear() {
    this.#shown.clear();
    this.#last = null;
    this.#body = make("div", "output-body");
    this.#fold = null;
    this.#place.replaceChildren();
    this.#place.hidden = true;
  }

  append(output) {
    if (this.#place.hidden) {
      this.#place.append(this.#body);
      this.#place.hidden = false;
    }
    if (output.output_type === "stream") this.#write(output);
    else this.#show(output);
    this.#measure();
  }

  // Returns whether the display was one of ours.
  update(output) {
    const old = this.#shown.get(output.display_id);
    if (!old) return false;
    old.replaceChildren(...this.#rich(output.data));
    return true;
  }

  // A short text for a screen reader: the last that came.
  get spoken() {
    return (this.#body.lastElementChild?.textContent ?? "").replace(/\s+/g, " ").trim().slice(0, SPOKEN);
  }

  #write({ name, text }) {
    if (this.#last?.name !== name) {
      const pre = make("pre", name === "stderr" ? "output-text output-stderr" : "output-text");
      this.#last = { name, text: "", pre };
      this.#body.append(pre);
    }
    const last = this.#last;
    last.text += text;
    if (last.text.includes("\r")) last.pre.textContent = overwritten(last.text);
    else last.pre.append(text);
  }

  #show(output) {
    this.#last = null;
    const element = make("div", "output");
    if (output.output_type === "error") element.append(...this.#error(output));
    else element.append(...this.#rich(output.data ?? {}));
    const id = output.transient?.display_id ?? output.display_id;
    if (id) this.#shown.set(id, element);
    this.#body.append(element);
  }

  #rich(data) {
    const image = ["image/png", "image/jpeg"].find((kind) => data[kind]);
    if (image) return [this.#picture(`data:${image};base64,${joined(data[image]).replace(/\s/g, "")}`)];
    const text = joined(data["text/plain"] ?? data["text/markdown"] ?? data["text/latex"] ?? "");
    if (data["text/html"]) return [this.#html(joined(data["text/html"]), text)];
    return [preformatted(text)];
  }

  #picture(source) {
    const image = make("img", "output-picture");
    image.alt = say("picture_of", { cell: this.label });
    image.addEventListener("load", () => this.#measure(), { once: true });
    image.src = source;
    return image;
  }

  // Its plain text stands there until it is cleaned.
  #html(source, text) {
    const place = make("div", "output-html");
    place.append(preformatted(text));
    clean(source).then(
      (safe) => {
        place.replaceChildren(safe);
        for (const table of place.querySelectorAll("table")) this.#letScroll(table);
        this.#measure();
      },
      () => {}, // the plain text stays
    );
    return place;
  }

  #letScroll(table) {
    const scroll = make("div", "table-scroll");
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", say("output_of", { cell: this.label }));
    scroll.tabIndex = 0;
    table.replaceWith(scroll);
    scroll.append(table);
  }

  #error({ ename, evalue, traceback = [], explanation = "", line = 0 }) {
    const parts = [];
    const head = make("p", "output-error-name");
    head.append(make("strong", "", ename), explanation || evalue ? ": " : "", ...withCode(explanation || evalue));
    parts.push(head);
    if (line > 0) {
      const button = make("button", "button button-plain", say("to_line", { line }));
      button.type = "button";
      button.addEventListener("click", () => this.toLine(line));
      parts.push(button);
    }
    if (ename === "KeyboardInterrupt") return [stopped(explanation, parts.slice(1))]; // she asked for it: no alarm
    const said = joined(traceback.length ? traceback.join("\n") : `${ename}: ${evalue}`);
    parts.push(make("p", "output-error-said", say("python_says")), preformatted(said));
    const box = make("div", "output-error");
    box.append(...parts);
    return [box];
  }

  // A long output is folded and scrolls inside itself; its button shows all of it.
  #measure() {
    if (this.#measuring) return;
    this.#measuring = true;
    requestAnimationFrame(() => {
      this.#measuring = false;
      if (!this.#fold && this.#body.scrollHeight > 1.3 * foldHeight()) this.#addFold();
    });
  }

  #addFold() {
    const button = make("button", "button button-plain output-fold");
    button.type = "button";
    this.#fold = button;
    const fold = (on) => {
      this.#body.classList.toggle("output-folded", on);
      button.textContent = say(on ? "all_of_it" : "less_of_it");
      button.setAttribute("aria-expanded", String(!on));
      if (on) this.#nameRegion();
      else for (const name of ["tabindex", "role", "aria-label"]) this.#body.removeAttribute(name);
    };
    button.addEventListener("click", () => fold(!this.#body.classList.contains("output-folded")));
    this.#place.append(button);
    fold(true);
  }

  #nameRegion() {
    this.#body.tabIndex = 0;
    this.#body.setAttribute("role", "region");
    this.#body.setAttribute("aria-label", say("output_of", { cell: this.label }));
  }
}

let cleaner;

async function clean(source) {
  cleaner ??= import(CLEANER);
  const safe = (await cleaner).default.sanitize(source.replace(STYLES, ""), KEPT);
  for (const image of safe.querySelectorAll("img:not([src])")) image.remove();
  return safe;
}

export function make(tag, classes = "", text = "") {
  const element = document.createElement(tag);
  if (classes) element.className = classes;
  if (text) element.textContent = text;
  return element;
}

// A sentence whose names stand between backticks.
export function withCode(text) {
  return text.split(/`([^`\n]+)`/).map((part, place) => (place % 2 ? make("code", "", part) : part));
}

function stopped(sentence, more) {
  const box = make("div", "output-stopped");
  box.append(make("p", "", sentence), ...more);
  return box;
}

function preformatted(text) {
  const pre = make("pre", "output-text");
  pre.textContent = text;
  return pre;
}

function joined(text) {
  return Array.isArray(text) ? text.join("") : text;
}

// As a terminal shows it: what follows a carriage return takes the place of its line.
function overwritten(text) {
  return text.split("\n").map((line) => line.replace(/\r+$/, "").split("\r").pop()).join("\n");
}

function foldHeight() {
  return 24 * parseFloat(getComputedStyle(document.documentElement).fontSize);
}
