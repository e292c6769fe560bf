// Starts the browser's Python under Node and has it repack archives: node compile.mjs PLAN.json
// The plan: core (folder of the runtime), program (compile.py), input and output (folders), and calls,
// each [function, arguments]. One line goes to stdout for each call that is done.
import { readFileSync, writeSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

function fail(error) {
  // The message alone: Node itself would print the whole of a minified line before it.
  writeSync(2, String(error?.message ?? error).slice(-2000) + "\n");
  process.exit(1);
}

process.on("uncaughtException", fail);
process.on("unhandledRejection", fail);

const plan = JSON.parse(readFileSync(process.argv[2], "utf8"));
try {
  const { loadPyodide } = await import(pathToFileURL(resolve(plan.core, "pyodide.mjs")));
  const python = await loadPyodide({
    indexURL: resolve(plan.core) + "/",
    env: { HOME: "/home", PYTHONHASHSEED: "0" }, // sets of constants keep their order
  });
  for (const name of ["input", "output"]) {
    python.FS.mkdirTree(`/${name}`);
    python.FS.mount(python.FS.filesystems.NODEFS, { root: plan[name] }, `/${name}`);
  }
  const program = python.toPy({ __name__: "compile" });
  python.runPython(readFileSync(plan.program, "utf8"), { globals: program });
  for (const [name, ...words] of plan.calls) {
    program.get(name)(...words.map((word) => python.toPy(word)));
    console.log(words[1]);
  }
  process.exit(0);
} catch (error) {
  fail(error);
}
