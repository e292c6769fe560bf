// Inside the sandboxed frame, which has an origin of its own and a policy that lets nothing out. It takes one message of the
// page that made it, starts Python's worker, and stops it on demand; all else goes through the port that it hands on.
(() => {
  const STOP = 2; // what Python takes for an interrupt
  const interrupt = typeof SharedArrayBuffer === "function" && self.crossOriginIsolated ? new SharedArrayBuffer(2) : null;
  let token = null;

  addEventListener("message", (event) => {
    if (event.source !== parent || typeof event.data !== "object" || event.data === null) return;
    const { type } = event.data;
    if (type === "start" && token === null) {
      token = event.data.token;
      start(event.data.worker, event.ports[0]);
    } else if (type === "interrupt" && event.data.token === token && interrupt) {
      const bytes = new Uint8Array(interrupt); // the signal, and whether it is for the time
      Atomics.store(bytes, 1, event.data.isLate ? 1 : 0);
      Atomics.store(bytes, 0, STOP);
    }
  });
  tell({ type: "hello", canInterrupt: Boolean(interrupt) });

  function start(source, port) {
    const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    const worker = new Worker(address);
    worker.addEventListener("error", (event) => tell({ type: "broken", token, message: String(event.message ?? "") }));
    worker.postMessage({ port, interrupt }, [port]);
  }

  function tell(message) {
    parent.postMessage(message, "*"); // the page's address isn't known here; nothing in it is secret
  }
})();
