// What of CodeMirror the workspace's editor uses at once; tools/vendor_assets.py makes it and completion.js modules.
// No language package: its tree of the source would be a third of this, and marking words of Python takes a page of ours.
import { StyleModule } from "style-mod";

export { history, historyKeymap, redo, undo } from "@codemirror/commands";
export { Compartment, EditorState, Prec } from "@codemirror/state";
export { Decoration, EditorView, keymap, lineNumbers, ViewPlugin } from "@codemirror/view";

// For completion.js, which takes them from here: the two must share one library.
export {
  Annotation,
  CharCategory,
  codePointAt,
  codePointSize,
  combineConfig,
  countColumn,
  EditorSelection,
  Facet,
  fromCodePoint,
  MapMode,
  RangeSet,
  RangeSetBuilder,
  RangeValue,
  StateEffect,
  StateField,
  Text,
  Transaction,
} from "@codemirror/state";
export { Direction, getTooltip, gutter, GutterMarker, logException, showTooltip, WidgetType } from "@codemirror/view";

// The library writes its rules into a <style> element, which the page's policy refuses. Ours go into the sheet that is
// marked for them, before its own rules, so that those win.
const mounted = new Set();

StyleModule.mount = (root, modules) => {
  const sheet = root.querySelector("link[data-editor-rules]").sheet;
  const fresh = [].concat(modules).filter((module) => !mounted.has(module) && mounted.add(module));
  for (const rule of fresh.flatMap((module) => module.rules).reverse()) {
    try {
      sheet.insertRule(rule, 0);
    } catch {
      // a rule for another browser
    }
  }
};
