// A cell's editor: the page's own <textarea> until CodeMirror has come, and where it doesn't come. Both know the same words:
// text, set, focus, insert, press. Tab indents; Escape, then Tab leaves.

import { marksOf } from "./python_marks.js";

const FOLDER = "../../vendor/codemirror-6-d659952652/";
const INDENT = "    ";
const AFTER_OPENING = /:\s*(#.*)?$/;
const AFTER_LEAVING = /^\s*(return|pass|break|continue|raise)\b/;

let library;
const editors = new Set();

// Loads CodeMirror and puts it in the place of every <textarea>; what is typed meanwhile goes along.
export async function enhance() {
  try {
    library = await import(FOLDER + "editor.js");
  } catch {
    return; // the textareas stay
  }
  for (const editor of editors) editor.enhance();
}

// After the page: names that complete themselves, brackets that close themselves.
export async function complete(find) {
  if (!library) return;
  const { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } = await import(FOLDER + "completion.js");
  const extensions = [
    closeBrackets(),
    autocompletion({ override: [find], icons: false, activateOnTypingDelay: 250 }),
    library.Prec.highest(library.keymap.of([...closeBracketsKeymap, ...completionKeymap])),
  ];
  for (const editor of editors) editor.extend(extensions);
}

export class Editor extends EventTarget {
  #area;
  #view = null;
  #later = null;
  #leaving = false;

  // area: the <textarea>; `describedby`: id of the sentence on keys
  constructor(area, { label, describedby, isCode, isOpen }) {
    super();
    this.#area = area;
    this.label = label;
    this.describedby = describedby;
    this.isCode = isCode;
    area.readOnly = !isOpen;
    area.setAttribute("aria-describedby", describedby);
    area.addEventListener("input", () => this.#changed());
    area.addEventListener("keydown", (event) => this.#key(event));
    area.addEventListener("focus", () => this.dispatchEvent(new Event("focus")));
    editors.add(this);
    this.#grow();
    if (library) this.enhance();
  }

  get text() {
    return this.#view ? this.#view.state.doc.toString() : this.#area.value;
  }

  get hasFocus() {
    return this.#view ? this.#view.hasFocus : document.activeElement === this.#area;
  }

  // Replaces everything; the editor's own undo brings it back.
  set(text) {
    if (text === this.text) return;
    if (this.#view) this.#view.dispatch({ changes: { from: 0, to: this.#view.state.doc.length, insert: text } });
    else {
      this.#area.value = text;
      this.#changed();
    }
  }

  focus(line = 0) {
    if (!this.#view) return this.#area.focus();
    const { doc } = this.#view.state;
    if (line > 0) this.#view.dispatch({ selection: { anchor: doc.line(Math.min(line, doc.lines)).from }, scrollIntoView: true });
    this.#view.focus();
  }

  // A key of the row for fingers: "indent", "outdent", "undo", a pair of brackets, or a sign.
  press(key) {
    if (!this.#view) return this.#pressPlain(key);
    if (key === "undo") return library.undo(this.#view);
    if (key === "indent") return indent(this.#view);
    if (key === "outdent") return outdent(this.#view);
    const { from, to } = this.#view.state.selection.main;
    const inside = key.length === 2 ? this.#view.state.sliceDoc(from, to) : "";
    const insert = key.length === 2 ? key[0] + inside + key[1] : key;
    this.#view.dispatch({ changes: { from, to, insert }, selection: { anchor: from + 1 + inside.length }, userEvent: "input.type" });
  }

  // Not while a syllable is being put together: the method of input would lose it.
  enhance() {
    if (this.#view || this.#composing()) return this.#later ?? this.#enhanceLater();
    this.#view = this.#build();
    this.#area.hidden = true;
  }

  extend(extensions) {
    this.#view?.dispatch({ effects: this.more.reconfigure(extensions) });
  }

  close() {
    editors.delete(this);
    this.#view?.destroy();
  }

  #composing() {
    return this.#area.dataset.composing === "yes";
  }

  #enhanceLater() {
    this.#later = true;
    this.#area.addEventListener("compositionend", () => setTimeout(() => this.enhance()), { once: true });
  }

  #changed() {
    this.#grow();
    this.dispatchEvent(new Event("change"));
  }

  #grow() {
    this.#area.rows = Math.max(2, this.#area.value.split("\n").length);
  }

  #run(kind) {
    this.dispatchEvent(new Event(kind));
    return true;
  }

  #build() {
    const { EditorState, EditorView, Compartment, history, historyKeymap, keymap, lineNumbers } = library;
    const [area, hadFocus] = [this.#area, document.activeElement === this.#area];
    this.more = new Compartment();
    const keys = [
      { key: "Mod-Enter", run: () => this.#run("run") },
      { key: "Shift-Enter", run: () => this.#run("next") },
      { key: "Mod-s", run: () => this.#run("save") },
    ];
    const codeKeys = [
      { key: "Enter", run: newLine },
      { key: "Tab", run: indent },
      { key: "Shift-Tab", run: outdent },
      { key: "Backspace", run: backOverIndent },
      { key: "Mod-/", run: comment },
    ];
    const view = new EditorView({
      state: EditorState.create({
        doc: area.value,
        selection: { anchor: Math.min(area.selectionStart, area.value.length) },
        extensions: [
          history(),
          keymap.of([...keys, ...(this.isCode ? codeKeys : []), ...historyKeymap]),
          EditorState.tabSize.of(4),
          EditorState.readOnly.of(area.readOnly),
          EditorView.lineWrapping,
          ...(this.isCode ? [lineNumbers(), marking(library)] : []),
          EditorView.contentAttributes.of({
            "aria-label": this.label,
            "aria-describedby": this.describedby,
            autocapitalize: "off",
            autocorrect: "off",
            spellcheck: "false",
          }),
          EditorView.domEventHandlers({ beforeinput, keydown: beforeSyllable }),
          EditorView.updateListener.of((update) => this.#follow(update)),
          this.more.of([]),
        ],
      }),
    });
    area.after(view.dom);
    if (hadFocus) view.focus();
    return view;
  }

  // The textarea keeps in step, so that the form is whole without us.
  #follow(update) {
    if (update.focusChanged) this.dispatchEvent(new Event(update.view.hasFocus ? "focus" : "blur"));
    if (!update.docChanged) return;
    this.#area.value = update.state.doc.toString();
    this.dispatchEvent(new Event("change"));
  }

  #key(event) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey || event.shiftKey)) {
      event.preventDefault();
      this.#run(event.shiftKey ? "next" : "run");
    } else if (event.key === "Escape") {
      this.#leaving = true;
    } else if (event.key === "Tab" && this.isCode && !this.#leaving) {
      event.preventDefault();
      this.#pressPlain(event.shiftKey ? "outdent" : "indent");
    } else if (event.key !== "Shift") {
      this.#leaving = false;
    }
  }

  #pressPlain(key) {
    const area = this.#area;
    if (key === "undo" || key === "outdent") return;
    area.setRangeText(key === "indent" ? INDENT : key, area.selectionStart, area.selectionEnd, "end");
    if (key.length === 2) area.selectionEnd = area.selectionStart -= 1;
    this.#changed();
  }
}

for (const kind of ["compositionstart", "compositionend"]) {
  document.addEventListener(kind, ({ target }) => {
    if (target.matches?.("textarea")) target.dataset.composing = kind === "compositionstart" ? "yes" : "no";
  });
}

function marking({ Decoration, ViewPlugin }) {
  const kinds = Object.fromEntries(
    ["keyword", "string", "number", "name", "comment"].map((kind) => [kind, Decoration.mark({ class: `py-${kind}` })]),
  );
  const marks = (view) =>
    Decoration.set(marksOf(view.state.doc.toString()).map(({ from, to, kind }) => kinds[kind].range(from, to)));
  return ViewPlugin.define(
    (view) => ({
      marks: marks(view),
      update(change) {
        if (change.docChanged) this.marks = marks(change.view);
      },
    }),
    { decorations: (plugin) => plugin.marks },
  );
}

// As deep as the line before; deeper after a colon, less deep after a return.
function newLine(view) {
  if (view.state.readOnly) return false;
  const { from, to } = view.state.selection.main;
  const line = view.state.doc.lineAt(from);
  const before = line.text.slice(0, from - line.from);
  let space = /^\s*/.exec(before)[0];
  if (AFTER_OPENING.test(before) && before.trim()) space += INDENT;
  else if (AFTER_LEAVING.test(before)) space = space.slice(0, -INDENT.length);
  const insert = `\n${space}`;
  view.dispatch({ changes: { from, to, insert }, selection: { anchor: from + insert.length }, scrollIntoView: true, userEvent: "input" });
  return true;
}

function indent(view) {
  if (view.state.readOnly) return false;
  const { from, to, empty } = view.state.selection.main;
  if (!empty) return changeLines(view, (line) => (line.text ? { from: line.from, insert: INDENT } : null));
  const column = from - view.state.doc.lineAt(from).from;
  const insert = " ".repeat(INDENT.length - (column % INDENT.length));
  view.dispatch({ changes: { from, to, insert }, selection: { anchor: from + insert.length }, userEvent: "input.indent" });
  return true;
}

function outdent(view) {
  return changeLines(view, (line) => {
    const space = /^( {1,4}|\t)/.exec(line.text);
    return space && { from: line.from, to: line.from + space[0].length };
  });
}

function comment(view) {
  const lines = linesOf(view).filter((line) => line.text.trim());
  const off = lines.every((line) => /^\s*#/.test(line.text));
  return changeLines(view, (line) => {
    if (!line.text.trim()) return null;
    const start = line.from + /^\s*/.exec(line.text)[0].length;
    return off ? { from: start, to: start + /^# ?/.exec(line.text.trimStart())[0].length } : { from: start, insert: "# " };
  });
}

function backOverIndent(view) {
  const { from, empty } = view.state.selection.main;
  const line = view.state.doc.lineAt(from);
  const before = line.text.slice(0, from - line.from);
  if (view.state.readOnly || !empty || !before || before.trim() || before.length % INDENT.length || before.includes("\t")) return false;
  view.dispatch({ changes: { from: from - INDENT.length, to: from }, userEvent: "delete" });
  return true;
}

// Where lines would be joined, the browser leaves styles of its own behind, which the page's policy refuses; we join them.
function beforeinput(event, view) {
  if (event.isComposing || view.composing || view.state.readOnly) return false;
  const { from, to, empty, head } = view.state.selection.main;
  const kind = event.inputType;
  if (!empty && (kind === "insertText" || kind.startsWith("delete"))) return put(event, view, from, to, event.data ?? "");
  const line = view.state.doc.lineAt(head);
  if (/^delete\w+Backward$/.test(kind) && head === line.from && head > 0) return put(event, view, head - 1, head, "");
  if (/^delete\w+Forward$/.test(kind) && head === line.to && head < view.state.doc.length) return put(event, view, head, head + 1, "");
  return false;
}

// A syllable that takes the place of several lines: they go before it begins, for it can't be held up.
function beforeSyllable(event, view) {
  const { from, to } = view.state.selection.main;
  if (event.keyCode !== 229 || view.composing || view.state.readOnly || !view.state.sliceDoc(from, to).includes("\n")) return false;
  view.dispatch({ changes: { from, to }, userEvent: "delete" });
  return false;
}

function put(event, view, from, to, insert) {
  event.preventDefault();
  const userEvent = insert ? "input.type" : "delete";
  view.dispatch({ changes: { from, to, insert }, selection: { anchor: from + insert.length }, scrollIntoView: true, userEvent });
  return true;
}

function linesOf(view) {
  const { from, to } = view.state.selection.main;
  const lines = [];
  for (let place = from; place <= to; ) {
    const line = view.state.doc.lineAt(place);
    if (line.from < to || !lines.length) lines.push(line);
    place = line.to + 1;
  }
  return lines;
}

function changeLines(view, change) {
  if (view.state.readOnly) return false;
  const changes = linesOf(view).map(change).filter(Boolean);
  if (changes.length) view.dispatch({ changes, userEvent: "input.indent" });
  return true;
}
