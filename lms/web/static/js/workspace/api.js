// What the page asks of the site. A refusal carries its sentence; a site that can't be reached is Unreachable.

export class Refused extends Error {
  constructor(status, body) {
    super(body.message ?? "");
    this.status = status;
    this.reason = body.reason ?? "";
    this.body = body;
  }

  get isOurs() {
    return this.status >= 500 || this.status === 429 || this.reason === "";
  }
}

export class Unreachable extends Error {}

const TIME = 20e3; // ms without an answer, which on a poor line is no answer
let token = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
let tokenUrl = "";

export function useTokenFrom(url) {
  tokenUrl = url;
}

export const get = (url) => ask(url, {});
export const put = (url, body, more = {}) => change(url, { method: "PUT", ...json(body), ...more });
export const post = (url, body) => change(url, { method: "POST", ...json(body) });
export const postForm = (url, form) => change(url, { method: "POST", body: form });

function json(body) {
  return { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
}

// A page that lay open for long holds an old token: it gets a new one and asks once more.
async function change(url, options) {
  try {
    return await ask(url, options);
  } catch (error) {
    if (error.reason !== "form_expired") throw error;
    await get(tokenUrl);
    return ask(url, options);
  }
}

async function ask(url, options) {
  const headers = { Accept: "application/json", ...(options.headers ?? {}) };
  if (options.method) headers["X-CSRFToken"] = token;
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(), TIME);
  try {
    const answer = await fetch(url, { credentials: "same-origin", cache: "no-store", signal: giveUp.signal, ...options, headers });
    return await read(answer);
  } catch (error) {
    if (error instanceof Refused) throw error;
    throw new Unreachable();
  } finally {
    clearTimeout(timer);
  }
}

async function read(answer) {
  const isJson = answer.headers.get("Content-Type")?.startsWith("application/json");
  const body = isJson ? await answer.json() : {};
  if (!answer.ok || !isJson) throw new Refused(answer.status, body);
  if (body.csrf) useToken(body.csrf);
  return body;
}

// After a new sign-in in another window the forms of this page go with it.
function useToken(newer) {
  token = newer;
  document.querySelector('meta[name="csrf-token"]').content = newer;
  for (const field of document.querySelectorAll("input[name=csrf_token]")) field.value = newer;
}
