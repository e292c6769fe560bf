// Two sets of answers side by side: what is in the cells, and what another window, device or try has. Each can be taken.

import { ask, button, closeDialog } from "./bar.js";
import { make } from "./outputs.js";
import { say } from "./words.js";

// cells: the editable ones; other: {answers, own}. take(answers, own, keys): puts them in. Gives whether anything was taken.
export async function showDifferences({ cells, own, other, title, about, take }) {
  const rows = cells
    .filter((cell) => cell.key in other.answers && other.answers[cell.key] !== cell.source)
    .map((cell) => row(cell, other.answers[cell.key], () => take({ [cell.key]: other.answers[cell.key] }, null)));
  const hasOwn = JSON.stringify(other.own ?? []) !== JSON.stringify(own);
  const extra = hasOwn ? (other.own ?? []).map(({ source }) => pair(say("own_cell"), "", source)) : [];
  const body = rows.length + extra.length ? [make("p", "", about), ...rows, ...extra] : [make("p", "", say("same"))];
  const buttons = rows.length + extra.length ? [[say("take_all"), "primary", "all"]] : [];
  const answer = await ask(title, body, [...buttons, [say("close"), "", ""]]);
  if (answer === "all") take(other.answers, other.own ?? []);
  return answer === "all" || answer === "one";
}

function row(cell, there, take) {
  const box = pair(cell.label, cell.source, there);
  box.append(
    button(say("take_cell"), "", () => {
      take();
      closeDialog("one");
    }),
  );
  return box;
}

function pair(label, here, there) {
  const box = make("section", "ws-pair stack-small");
  box.append(make("h3", "", label), part(say("here"), here), part(say("there"), there));
  return box;
}

function part(label, source) {
  const box = make("div", "ws-pair-part");
  const pre = make("pre", "", source || say("empty_cell"));
  pre.tabIndex = 0;
  pre.setAttribute("aria-label", label);
  box.append(make("p", "soft small", label), pre);
  return box;
}
