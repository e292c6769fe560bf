// What a worker says was written by code that anyone may have pasted in: only the shapes that the page knows come through.

const MIMES = ["text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/jpeg"];
const PICTURES = new Set(["image/png", "image/jpeg"]);
const BASE64 = /^[A-Za-z0-9+/\s]*={0,2}\s*$/;
const MOST = { text: 250_000, data: 4_500_000, traceback: 25_000, lines: 2_000, steps: 5_000 };
const OUTCOMES = ["passed", "failed", "not_run", "error"];

// A text of at most so many characters; '' for anything else.
export function text(value, most) {
  return typeof value === "string" ? value.slice(0, most) : "";
}

function number(value) {
  return Number.isFinite(value) ? value : 0;
}

// [{op, output}] of the steps that are well formed.
export function readSteps(steps) {
  return (Array.isArray(steps) ? steps.slice(0, MOST.steps) : []).map(readStep).filter(Boolean);
}

function readStep(step) {
  if (step?.op === "clear") return { op: "clear", output: null };
  if (step?.op === "update") {
    const data = readData(step.output?.data);
    const display_id = text(step.output?.display_id, 200);
    return data && display_id ? { op: "update", output: { display_id, data, metadata: {} } } : null;
  }
  const output = step?.op === "append" ? readOutput(step.output) : null;
  return output && { op: "append", output };
}

export function readOutput(output) {
  const kind = output?.output_type;
  if (kind === "stream") {
    return { output_type: kind, name: output.name === "stderr" ? "stderr" : "stdout", text: text(output.text, MOST.text) };
  }
  if (kind === "error") return readError(output);
  if (kind !== "execute_result" && kind !== "display_data") return null;
  const data = readData(output.data);
  if (!data) return null;
  const read = { output_type: kind, data, metadata: {} };
  if (kind === "execute_result") read.execution_count = number(output.execution_count);
  if (output.display_id) read.display_id = text(output.display_id, 200);
  return read;
}

function readError(output) {
  const lines = Array.isArray(output.traceback) ? output.traceback.slice(0, MOST.lines) : [];
  return {
    output_type: "error",
    ...readTrouble(output),
    traceback: text(lines.map((line) => text(line, 2_000)).join("\n"), MOST.traceback).split("\n"),
  };
}

function readTrouble(told) {
  return {
    ename: text(told.ename, 200),
    evalue: text(told.evalue, 2_000),
    explanation: text(told.explanation, 2_000),
    line: number(told.line),
  };
}

function readData(data) {
  if (typeof data !== "object" || data === null) return null;
  const read = {};
  for (const mime of MIMES) {
    const value = text(data[mime], MOST.data);
    if (value && (!PICTURES.has(mime) || BASE64.test(value))) read[mime] = value;
  }
  return Object.keys(read).length ? read : null;
}

export function readDone(cell, told) {
  return {
    cell,
    ok: told?.ok === true,
    interrupted: told?.interrupted === true,
    ms: number(told?.ms),
    count: number(told?.count),
    error: told?.error ? readTrouble(told.error) : null,
  };
}

// `cell`: the check as the server tells it; its name and points are not the worker's to say.
export function readVerdict(cell, told, message = "") {
  const most = number(cell.points);
  const outcome = OUTCOMES.includes(told?.outcome) ? told.outcome : "not_run";
  return {
    name: cell.key,
    outcome,
    points: outcome === "error" ? null : Math.min(Math.max(number(told?.points), 0), most),
    max_points: most,
    message: text(told?.message, 2_000) || message,
  };
}

// `most`: the length of the code that was asked about.
export function readCompletions(result, most) {
  const isPlace = Number.isInteger(result?.from) && result.from >= 0 && result.from <= most;
  if (!isPlace || !Array.isArray(result.options)) return null;
  const options = result.options.slice(0, 200).map((one) => ({ label: text(one?.label, 200), type: text(one?.type, 20) }));
  return { from: result.from, options: options.filter((one) => one.label) };
}
