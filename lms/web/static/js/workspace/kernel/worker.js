// Python's worker: a classic one, since module workers don't start in a sandboxed frame. It has no network; whatever Pyodide
// wants to fetch is answered from the files that the page sends.
(() => {
  const ANYWHERE = "https://runtime.invalid/"; // never asked: every fetch is answered below
  const MOST_MEMORY = 1_500_000_000; // bytes; a tablet dies of more before Python says that there is none
  const TYPES = { mjs: "text/javascript", wasm: "application/wasm", json: "application/json" };
  const files = new Map(); // name -> {promise, arrive}
  let port = null;
  let interrupt = null;
  let pyodide = null;
  let kernel = null;
  let running = null;

  self.addEventListener("message", begin, { once: true });

  function begin(event) {
    port = event.data.port;
    interrupt = event.data.interrupt && new Uint8Array(event.data.interrupt);
    port.onmessage = ({ data }) => handle(data);
    self.fetch = answer;
    limitMemory();
    tell({ type: "begun" });
  }

  function limitMemory() {
    const grow = WebAssembly.Memory.prototype.grow;
    WebAssembly.Memory.prototype.grow = function (pages) {
      if (this.buffer.byteLength + pages * 65_536 > MOST_MEMORY) throw new RangeError("no more memory for Python");
      return grow.call(this, pages);
    };
  }

  function handle(message) {
    if (interrupt && !running) Atomics.store(interrupt, 0, 0); // one that came too late for the cell before
    const act = { file: ({ name, bytes }) => file(name).arrive(bytes), start, run, check, complete, install }[message.type];
    Promise.resolve(act?.(message)).catch(fail);
  }

  function tell(message) {
    port.postMessage(message);
  }

  // An error that isn't of a cell: Python itself is gone.
  function fail(error) {
    const text = String(error?.message ?? error).slice(0, 2000);
    const reason = /memory|Array buffer allocation|RangeError: (Invalid|WebAssembly)/i.test(text) ? "memory" : "crashed";
    tell({ type: "failed", reason, message: text });
  }

  function file(name) {
    if (!files.has(name)) {
      const entry = {};
      entry.promise = new Promise((resolve) => (entry.arrive = resolve));
      files.set(name, entry);
    }
    return files.get(name);
  }

  async function answer(address) {
    const name = new URL(address?.url ?? address, ANYWHERE).pathname.split("/").pop();
    if (!String(address?.url ?? address).startsWith(ANYWHERE)) throw new TypeError("there is no network here");
    const bytes = await file(decodeURIComponent(name)).promise;
    files.delete(name); // Python keeps its own copy
    return new Response(bytes, { headers: { "Content-Type": TYPES[name.split(".").pop()] ?? "application/octet-stream" } });
  }

  async function module(name) {
    const bytes = await file(name).promise;
    files.delete(name);
    return import(URL.createObjectURL(new Blob([bytes], { type: TYPES.mjs })));
  }

  // `packages` to load, `python` and `data`: files to write ({path: text or bytes}), `options` for Python's kernel as JSON.
  async function start({ packages, python, data, options }) {
    const [{ loadPyodide }, { default: createPyodideModule }, lock] = await Promise.all([
      module("pyodide.mjs"),
      module("pyodide.asm.mjs"),
      file("pyodide-lock.json").promise.then((bytes) => JSON.parse(new TextDecoder().decode(bytes))),
    ]);
    pyodide = await loadPyodide({
      indexURL: ANYWHERE,
      packageBaseUrl: ANYWHERE,
      createPyodideModule,
      lockFileContents: lock,
      packages,
      stdout: () => {}, // until a cell runs
      stderr: () => {},
      env: { HOME: "/home/learner", MPLCONFIGDIR: "/tmp/matplotlib" },
    });
    need(packages);
    tell({ type: "phase", loaded: 0.7 });
    pyodide.FS.mkdirTree("/home/learner/work");
    write("/lib/baeum", python);
    write("/home/learner/work", data);
    pyodide.FS.chdir("/home/learner/work");
    pyodide.runPython("import sys; sys.path.append('/lib/baeum'); sys.path.insert(0, '')");
    const start = pyodide.pyimport("lms.workspace.browser.kernel").start;
    warm(packages);
    for (const [which, name] of [["setStdout", "stdout"], ["setStderr", "stderr"]]) {
      pyodide[which]({ batched: (line) => running && outputs([{ op: "append", output: stream(name, `${line}\n`) }]) });
    }
    pyodide.setStdin({ error: true });
    kernel = start(options, (steps) => outputs(JSON.parse(steps)));
    if (interrupt) pyodide.setInterruptBuffer(interrupt.subarray(0, 1));
    tell({ type: "ready", versions: versions() });
  }

  // What the exercise imports anyway is imported now, not in her first cell.
  function warm(packages) {
    for (const name of ["numpy", "pandas"]) if (packages.includes(name)) pyodide.pyimport(name);
  }

  function need(packages) {
    const missing = packages.filter((name) => !loaded().includes(name));
    if (missing.length) throw new Error(`not loaded: ${missing.join(", ")}`);
  }

  function loaded() {
    return Object.keys(pyodide.loadedPackages).map((name) => name.toLowerCase().replaceAll("_", "-"));
  }

  function versions() {
    const found = { python: pyodide.runPython("import platform; platform.python_version()") };
    for (const name of loaded()) found[name] = pyodide.lockfile?.packages?.[name]?.version ?? "";
    return found;
  }

  function write(folder, entries) {
    for (const [path, content] of Object.entries(entries)) {
      const place = `${folder}/${path}`;
      pyodide.FS.mkdirTree(place.slice(0, place.lastIndexOf("/")));
      pyodide.FS.writeFile(place, typeof content === "string" ? content : new Uint8Array(content));
    }
  }

  function outputs(steps) {
    if (running) tell({ type: "output", id: running, steps });
  }

  function stream(name, text) {
    return { output_type: "stream", name, text };
  }

  // Libraries that a cell imports and that aren't there are asked of the page first.
  async function run({ id, key, source, number, known }) {
    const lacking = unlessStopped(() => kernel.missing(source), []).filter((name) => known.includes(name));
    if (lacking.length) return tell({ type: "lacking", id, names: lacking });
    const begun = performance.now();
    await work(id, async () => {
      const result = kernel.run(key, source, number);
      const told = typeof result === "string" ? result : await result;
      result?.destroy?.();
      tell({ type: "done", id, ms: performance.now() - begun, ...JSON.parse(told) });
    });
  }

  async function check({ id, key }) {
    await work(id, () => {
      const told = kernel.check(key) || kernel.stopped(key, Boolean(interrupt?.[1]));
      tell({ type: "checked", id, result: JSON.parse(told) });
    });
  }

  async function work(id, act) {
    running = id;
    try {
      await act();
    } finally {
      running = null;
      if (interrupt) Atomics.store(interrupt, 0, 0);
    }
  }

  async function install({ id, packages }) {
    await pyodide.loadPackage(packages, { messageCallback: () => {}, errorCallback: () => {} });
    need(packages);
    kernel.came();
    tell({ type: "installed", id });
  }

  function complete({ id, code, position }) {
    tell({ type: "completed", id, result: unlessStopped(() => kernel.complete(code, position), null) });
  }

  // An interrupt may come while Python does something else than run her cell.
  function unlessStopped(ask, otherwise) {
    try {
      return JSON.parse(ask());
    } catch (error) {
      if (error?.type === "KeyboardInterrupt") return otherwise;
      throw error;
    }
  }
})();
