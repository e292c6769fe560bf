// Files from the server, with their progress in bytes as they come over the line.

// The bytes of an address. `file`: what the runtime's list says of it; `tell(loaded, share)`: decoded bytes, and which part of
// a byte on the line each stands for.
export async function fetchFile(address, file = null, tell = null) {
  const response = await fetch(address, { credentials: "same-origin" });
  if (!response.ok) throw new Error(`${response.status} for ${address}`);
  if (!tell || !response.body || !file) return response.arrayBuffer();
  const sent = file[response.headers.get("Content-Encoding")] ?? file.size;
  const bytes = new Uint8Array(file.size);
  const reader = response.body.getReader();
  let loaded = 0;
  for (let step = await reader.read(); !step.done; step = await reader.read()) {
    if (loaded + step.value.length > bytes.length) throw new Error(`more than ${file.size} bytes for ${address}`);
    bytes.set(step.value, loaded);
    loaded += step.value.length;
    tell((sent * loaded) / file.size, sent);
  }
  if (loaded !== file.size) throw new Error(`${loaded} of ${file.size} bytes for ${address}`);
  return bytes.buffer;
}

// The sum over several files. Until a file's answer is there it counts as it would come best compressed.
export class Progress {
  #loaded;
  #total;
  #tell;
  #told = 0;

  constructor(files, tell) {
    this.#loaded = files.map(() => 0);
    this.#total = files.map((file) => file.br ?? file.gzip ?? file.size);
    this.#tell = tell;
  }

  add(index, loaded, total) {
    this.#loaded[index] = loaded;
    this.#total[index] = total;
    const now = performance.now();
    const sums = [this.#loaded, this.#total].map((list) => Math.round(list.reduce((sum, one) => sum + one, 0)));
    if (now - this.#told < 100 && sums[0] < sums[1]) return;
    this.#told = now;
    this.#tell(...sums);
  }
}
