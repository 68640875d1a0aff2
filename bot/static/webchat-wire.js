/* The line to the shop: a token, what is still to be sent, and what comes.

   Nothing written is lost: a line stands in the browser's storage until its echo comes back from
   the shop, and goes out again with the same id, which has one effect however often it arrives.
   Nothing heard is missed: who comes back tells the cursor and goes on from there. */

const page = document.body.dataset;
const ROOT = `/webchat/${page.account}`;
const NAME = `tuanzi.${page.account}.`;
const LINE = "line.";
const DAY = 86_400_000;
const PAUSES = [500, 1000, 2000, 4000, 8000, 15_000];
const FIRST_WORD = 8000; // ms; a proxy that keeps a stream's first words back that long keeps all
const SILENCE = 40_000; // the shop says something every 15 s; a laptop that slept hears nothing
const ASLEEP = 60_000; // a tab nobody looks at lets go of its connection
const POLL_SECONDS = 20;
const FATAL = new Set([400, 403, 404, 409, 413, 415, 422]);
const memory = new Map(); // what the browser would not keep for us
// A frame on somebody else's page may have no storage (third-party cookies are blocked); then a cookie
// of that page and ours alone (Partitioned) remembers who was here, and the rest lives with the page.
const KEEPS = keeps();

export class Wire {
  /** `hear(batch)`, `changed()` when the queue did, `state(word)` for the connection, `begun()` when
      another visitor begins here. */
  constructor({ hear, changed, state, begun }) {
    Object.assign(this, { hear, changed, state, begun, cursor: "", polls: false, sending: false, failures: 0 });
    this.files = new Map(); // what was chosen and not sent yet: no storage holds it
    this.nudge = () => {};
    addEventListener("storage", (event) => this.#noticed(event.key));
    addEventListener("online", () => this.wake());
    document.addEventListener("visibilitychange", () => this.#looked());
    addEventListener("pagehide", () => this.gone?.abort());
    addEventListener("pageshow", (event) => { if (event.persisted) this.wake(); });
  }

  get token() { return read("token") ?? ""; }
  /** What the shop has not told us yet, in the order it was said; each line has a place of its own in
      the storage, so that two tabs never write over each other. */
  get queue() {
    const lines = names().map(read).filter(Boolean);
    return [...lines, ...[...this.files.values()].map((one) => one.line)].sort((a, b) => (a.at < b.at ? -1 : 1));
  }
  get seen() { return read("seen") ?? 0; }
  set seen(id) { if (id > this.seen) write("seen", id); }

  /** Somebody who was here before is listened for at once; a stranger leaves no trace yet. */
  async start() {
    for (const line of this.queue) if (line.sent < Date.now() - DAY) this.#drop(line.id);
    if (!this.token && !KEEPS) await this.#begin("", { known: true }).catch(() => {});
    if (!this.token) { this.state(""); return; }
    this.#listen();
    this.flush();
  }

  say(line, file = null) {
    const whole = { ...line, id: crypto.randomUUID(), at: new Date().toISOString() };
    if (file) this.files.set(whole.id, { line: whole, file });
    else write(LINE + whole.id, whole);
    this.changed();
    this.flush();
  }

  again(id) { this.#mark(id, { failed: undefined, why: undefined }); this.flush(); }

  /** The shop has told us this line: it stands in the chat for good. */
  echoed(ids) {
    for (const id of ids) this.#drop(id);
  }

  wake() { this.nudge(); this.flush(); }

  async flush() {
    if (this.sending) return;
    this.sending = true;
    try {
      for (let line; (line = this.queue.find((one) => !one.sent && !one.failed)); ) await this.#send(line);
    } finally {
      this.sending = false;
    }
    if (this.token) this.#listen();
  }

  async #send(line) {
    for (let turn = 0; ; turn += 1) {
      try {
        const answer = await this.#post(line);
        this.#mark(line.id, { sent: Date.now(), ...(answer.file ? { file: answer.file } : {}) });
        return;
      } catch (error) {
        if (FATAL.has(error.status)) { this.#mark(line.id, { failed: true, why: error.status }); return; }
        this.state(error.status === 429 ? "slow" : "lost");
        await this.#pause(turn);
      }
    }
  }

  async #post(line) {
    const about = { id: line.id, locale: document.documentElement.lang, timezone: line.zone };
    if (line.file) {
      return (await this.#ask("POST", `/webchat/files/${page.account}?${new URLSearchParams(about)}`, this.files.get(line.id)?.file)).json();
    }
    const said = line.press ? { token: line.press } : { text: line.text };
    return (await this.#ask("POST", `${ROOT}/${line.press ? "press" : "say"}`, JSON.stringify({ ...about, ...said }), "application/json")).json();
  }

  /** One call with the visitor's token; a token that is too old is renewed once. */
  async #ask(method, path, body, type = "application/octet-stream", signal = undefined) {
    for (const last of [false, true]) {
      const token = this.token || (await this.#begin(""));
      const headers = { Authorization: `Bearer ${token}`, ...(body ? { "Content-Type": type } : {}) };
      const answer = await fetch(path, { method, headers, body, signal, credentials: "omit" });
      if (answer.ok) return answer;
      if (answer.status !== 401 || last) throw failure(answer.status);
      await this.#begin(token);
    }
    return null;
  }

  /** Of several tabs one begins; the others find what it was given. */
  #begin(old, { known = false } = {}) {
    const act = async () => {
      if (this.token && this.token !== old) return this.token;
      const headers = { "Content-Type": "application/json" };
      const body = JSON.stringify({ token: old, known, cookie: !KEEPS });
      const credentials = KEEPS ? "omit" : "same-origin";
      const answer = await fetch(`${ROOT}/begin`, { method: "POST", headers, body, credentials });
      if (!answer.ok) throw failure(answer.status);
      const { token } = await answer.json();
      if (token) this.#become(old, token);
      return token;
    };
    return KEEPS && navigator.locks ? navigator.locks.request(NAME, act) : act();
  }

  #become(old, token) {
    write("token", token);
    if (!old || visitor(old) === visitor(token)) return;
    for (const line of this.queue) if (line.sent) this.#drop(line.id); // said in the chat that is no more
    this.cursor = "";
    this.begun();
  }

  /* — hearing — */

  #listen() {
    if (this.listening) return;
    this.listening = true;
    this.#forEver().finally(() => { this.listening = false; });
  }

  async #forEver() {
    for (;;) {
      if (document.hidden && this.hiddenFor > ASLEEP) await new Promise((done) => { this.nudge = done; });
      try {
        await (this.polls ? this.#poll() : this.#stream());
        this.failures = 0;
      } catch (error) {
        if (error.status === 404) { this.state("gone"); return; }
        if (error.name !== "AbortError") this.state(error.status === 429 ? "slow" : "lost");
        await this.#pause(this.failures);
        this.failures += 1;
      }
    }
  }

  get hiddenFor() { return this.hiddenSince ? Date.now() - this.hiddenSince : 0; }

  /** Server-sent events, read by hand: an EventSource would need the token in the address. */
  async #stream() {
    const gone = this.#leave();
    const path = `${ROOT}/stream?after=${this.cursor}`;
    let patience = FIRST_WORD;
    const soon = (promise) => within(promise, patience, gone).catch((error) => {
      if (patience === FIRST_WORD && error.name === "TimeoutError") this.polls = true;
      throw error;
    });
    const answer = await soon(this.#ask("GET", path, undefined, "", gone.signal));
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let rest = ""; ; ) {
      const { done, value } = await soon(reader.read());
      if (done) return;
      patience = SILENCE;
      const parts = (rest + value).split("\n\n");
      rest = parts.pop();
      for (const part of parts) if (part.startsWith("data: ")) this.#take(JSON.parse(part.slice(6)));
    }
  }

  async #poll() {
    const gone = this.#leave();
    const wait = this.failures || !this.cursor ? 0 : POLL_SECONDS;
    const path = `${ROOT}/messages?after=${this.cursor}&wait=${wait}`;
    const answer = await within(this.#ask("GET", path, undefined, "", gone.signal), SILENCE, gone);
    this.#take(await answer.json());
  }

  #take(batch) {
    this.cursor = batch.cursor;
    this.failures = 0;
    this.state("");
    this.hear(batch);
  }

  #leave() { this.gone = new AbortController(); return this.gone; }

  /** A while, or until something tells that it is worth trying. */
  #pause(turn) {
    const length = PAUSES[Math.min(turn, PAUSES.length - 1)] * (0.75 + Math.random() / 2);
    return new Promise((done) => {
      const timer = setTimeout(done, length);
      const before = this.nudge;
      this.nudge = () => { clearTimeout(timer); before(); done(); };
    });
  }

  #looked() {
    if (!document.hidden) { this.hiddenSince = 0; this.wake(); return; }
    this.hiddenSince = Date.now();
    setTimeout(() => { if (this.hiddenFor >= ASLEEP) this.gone?.abort(); }, ASLEEP + 100);
  }

  /** Another tab of the same browser wrote. */
  #noticed(key) {
    if (key?.startsWith(NAME + LINE)) this.changed();
    if (key === `${NAME}token` && this.token) { this.#listen(); }
  }

  #mark(id, what) {
    const held = this.files.get(id);
    if (held) Object.assign(held.line, what);
    else if (read(LINE + id)) write(LINE + id, { ...read(LINE + id), ...what });
    this.changed();
  }

  #drop(id) { this.files.delete(id); erase(LINE + id); }
}

export function visitor(token) { return token.split(".")[0]; }

function failure(status) { return Object.assign(new Error(String(status)), { status }); }

function within(promise, ms, gone) {
  let timer;
  const late = new Promise((_, refuse) => {
    timer = setTimeout(() => { refuse(new DOMException("late", "TimeoutError")); gone.abort(); }, ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function keeps() {
  try {
    localStorage.setItem(`${NAME}here`, "1");
    return true;
  } catch {
    return false;
  }
}

function read(name) {
  try {
    return JSON.parse(localStorage.getItem(NAME + name)) ?? memory.get(name) ?? null;
  } catch {
    return memory.get(name) ?? null;
  }
}

function write(name, value) {
  try {
    localStorage.setItem(NAME + name, JSON.stringify(value));
  } catch {
    memory.set(name, value); // full, or forbidden: the page still chats
  }
}

function erase(name) {
  memory.delete(name);
  try { localStorage.removeItem(NAME + name); } catch { /* nothing was kept there */ }
}

/** Of the lines that are kept. */
function names() {
  const found = new Set([...memory.keys()].filter((name) => name.startsWith(LINE)));
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(NAME + LINE)) found.add(key.slice(NAME.length));
  } catch { /* the browser lets us keep nothing */ }
  return [...found];
}
