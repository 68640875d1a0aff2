/* What every chat of ours shares: its page's texts, elements made without HTML, money and time.
   Nothing here or in the other files builds markup from text: a nickname stays a nickname. */

const page = document.body.dataset;
const WORDS = JSON.parse(page.words);

export const LANG = document.documentElement.lang;
export const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

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

/** Where a link may lead: a page of ours by its path, another by its whole address, and nowhere
    for what is no web page (`javascript:`). */
export function web(address) {
  try {
    const { protocol, origin, href, pathname, search } = new URL(address);
    if (protocol !== "https:" && protocol !== "http:") return null;
    return origin === page.home || origin === location.origin ? pathname + search : href;
  } catch {
    return null;
  }
}
