/* What every part of the demo page shares: its texts, elements made without HTML, money and time.
   Nothing here or in the other files builds markup from text: a nickname stays a nickname. */

const page = document.body.dataset;
const WORDS = JSON.parse(page.words);

export const LANG = document.documentElement.lang;
export const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;
export const VISITOR = page.visitor;
export const GROUP = page.group;
export const MARK = page.mark;

/** A text in the page's language, its {gaps} filled. */
export function say(id, gaps = {}) {
  return (WORDS[id] ?? id).replace(/\{(\w+)\}/g, (gap, name) => gaps[name] ?? gap);
}

/** An element: properties, then children; text children stay text. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element && name !== "list") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function money({ amount_minor: minor, currency }) {
  const format = new Intl.NumberFormat(LANG, {
    style: "currency", currency, trailingZeroDisplay: "stripIfInteger",
  });
  return format.format(minor / 10 ** format.resolvedOptions().maximumFractionDigits);
}

const FORMATS = {
  time: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  second: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
  day: { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  full: { year: "numeric", month: "short", day: "numeric", weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
};

/** A moment in the shop's time zone: `time`, `second`, `day` or `full`. */
export function when(moment, format) {
  const options = { ...FORMATS[format], timeZone: page.zone };
  return new Intl.DateTimeFormat(LANG, options).format(new Date(moment));
}

/** A page or picture of ours: by its path, so that 127.0.0.1 and localhost are the same to us. */
export function ours(address, folder) {
  try {
    const { pathname } = new URL(address, location.href);
    return pathname.startsWith(folder) ? pathname : null;
  } catch {
    return null;
  }
}

const OUTLIVES = 20_000; // characters; a browser lets 64 KiB finish after its page is gone

/** JSON to our own server; an answer that is no success is an error. */
export async function send(method, path, value) {
  const body = JSON.stringify(value);
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(path, { method, headers, body, keepalive: body.length < OUTLIVES });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.json();
}

const people = new Map();
for (const input of document.querySelectorAll(".cast input")) {
  const label = input.closest("label");
  people.set(input.value, { id: input.value, input, label, tone: label.className, name: input.dataset.name });
}
export const PEOPLE = people;

export function nameOf(id) {
  return people.get(id)?.name ?? id;
}

export function face(id) {
  const known = people.get(id);
  if (!known) return make("span", { className: "face bot", ariaHidden: "true" }, make("img", { src: MARK, alt: "", width: 26, height: 26 }));
  const letter = known.label.querySelector(".face").textContent;
  return make("span", { className: `face ${known.tone}`, ariaHidden: "true" }, letter);
}
