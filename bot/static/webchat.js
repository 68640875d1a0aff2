/* The chat in its frame: opens and closes, speaks and hears, on a page that is not ours. */

import { ZONE, say } from "./chat-words.js";
import { Log } from "./webchat-log.js";
import { Wire } from "./webchat-wire.js";

const LARGEST = 8 * 1024 * 1024;
const page = document.body.dataset;
const root = document.documentElement;
const by = (id) => document.getElementById(id);
const framed = window.parent !== window;
const around = new URLSearchParams(location.search).get("from") ?? "";
const touch = matchMedia("(pointer: coarse)").matches;
let open = false;
let human = false;
let news = 0;

const log = new Log(
  { place: by("scroll"), log: by("log"), hello: by("hello"), typing: by("typing") },
  { press: (token, title) => speak({ text: title, press: token, pressed: true }), again: (id) => wire.again(id) },
);
const wire = new Wire({ hear, changed, state, begun: () => log.clear() });

/* — speaking and hearing — */

function speak(line, file) { wire.say({ zone: ZONE, ...line }, file); }

/** The queue as it is now: each line stands in the chat, with how far it has come. */
function changed() {
  const queue = wire.queue;
  for (const line of queue) {
    const far = line.failed ? "failed" : line.sent ? "sent" : navigator.onLine ? "sending" : "waiting";
    log.line(line, far);
    if (line.failed) log.explain(line.id, { 413: say("too_big"), 422: line.file ? say("wrong_file") : "" }[line.why]);
  }
  log.think(queue, { human, shop: page.shop });
}

function hear(batch) {
  const echoed = new Set();
  if (!document.body.dataset.ready) {
    log.clear(); // what waits to be sent comes after what was said
    if (!wire.seen) wire.seen = Math.max(0, ...batch.items.map((item) => (item.kind === "message" ? item.id : 0)));
  }
  for (const item of batch.items) {
    if (item.kind === "said") { echoed.add(item.id); log.line(item, "sent"); continue; }
    const isNew = log.message(item);
    if (open) wire.seen = item.id;
    else if (isNew && item.id > wire.seen) news += 1;
  }
  wire.echoed(echoed);
  human = batch.human;
  by("log").ariaBusy = "false";
  document.body.dataset.ready = "yes";
  status();
  changed();
  tellNews();
}

/* — how things stand — */

let trouble = "";
let since = 0;

function state(word) {
  trouble = word;
  clearTimeout(since);
  // A server that is begun anew is back in a second: that is nobody's concern.
  since = setTimeout(status, word === "lost" ? 1500 : 0);
}

function status() {
  const line = by("status");
  const words = trouble ? say(trouble) : human ? say("human") : "";
  line.hidden = !words;
  if (line.textContent !== words) line.textContent = words;
  line.dataset.state = trouble;
  changed();
}

function tellNews() {
  const badge = by("news");
  badge.hidden = news === 0;
  badge.textContent = news > 9 ? "9+" : news || "";
  by("launch").ariaLabel = news ? say("open_news", { count: news }) : say("open");
}

/* — open and closed — */

function shape() {
  by("panel").hidden = !open;
  by("launch").hidden = open || !framed;
  by("launch").ariaExpanded = String(open);
  root.dataset.open = open;
  if (framed && around) window.parent.postMessage({ tuanzi: true, open, side: page.side, title: by("heading").textContent }, around);
}

function show() {
  if (open) return;
  open = true;
  news = 0;
  shape();
  tellNews();
  log.end.go();
  const last = Math.max(0, ...log.told);
  if (last) wire.seen = last;
  (touch ? by("close") : by("text")).focus();
}

function hide() {
  if (!open || !framed) return;
  open = false;
  shape();
  by("launch").focus();
}

/* — what somebody does — */

const field = by("text");

function fit() {
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight + 2, 130)}px`;
}

function send() {
  const text = field.value.trim();
  if (!text) return;
  field.value = "";
  fit();
  speak({ text });
}

function attach(file) {
  if (!file) return;
  const kind = /^image\/(png|jpeg|webp|gif)$/.test(file.type) ? "image" : "file";
  const line = { text: "", file: { media: kind, blob: URL.createObjectURL(file) } };
  if (file.size > LARGEST) { refuse("too_big"); return; }
  if (kind === "file" && file.type !== "application/pdf") { refuse("wrong_file"); return; }
  speak(line, file);
}

function refuse(why) {
  const line = by("status");
  line.hidden = false;
  line.textContent = say(why);
  line.dataset.state = "refused";
  setTimeout(status, 6000);
}

by("launch").addEventListener("click", show);
by("close").addEventListener("click", hide);
document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
by("composer").addEventListener("submit", (event) => { event.preventDefault(); send(); });
field.addEventListener("input", fit);
field.addEventListener("keydown", (event) => {
  // While a Chinese word is being composed, Enter chooses it.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  send();
});
field.addEventListener("paste", (event) => {
  const file = [...event.clipboardData.files][0];
  if (file) { event.preventDefault(); attach(file); }
});
by("file").addEventListener("change", (event) => { attach(event.target.files[0]); event.target.value = ""; });
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => { event.preventDefault(); attach(event.dataTransfer.files[0]); });
addEventListener("offline", () => { state("lost"); changed(); });
addEventListener("online", changed);

/* — the page around us: it may say how it looks and that it wants us open, nothing else — */

addEventListener("message", ({ source, data }) => {
  if (source !== window.parent || !framed || data?.tuanzi !== true) return;
  if (data.theme === "dark" || data.theme === "light") root.dataset.theme = data.theme;
  if (typeof data.small === "boolean") root.dataset.small = data.small;
  if (data.open === true) show();
});

/** The merchant's colour, and black or white on it, whichever is read more easily (WCAG 2). */
function paint(colour) {
  if (!colour) return;
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  const light = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  root.style.setProperty("--brand", colour);
  root.style.setProperty("--brand-ink", light > 0.179 ? "#000000" : "#ffffff");
}

paint(page.colour);
root.dataset.framed = framed;
open = !framed;
by("log").ariaBusy = "true";
shape();
tellNews();
changed();
wire.start().then(() => { if (!wire.token) { document.body.dataset.ready = "yes"; by("log").ariaBusy = "false"; } });
