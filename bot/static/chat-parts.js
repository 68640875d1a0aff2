/* Draws messages of the wire format: text, cards, options, payment link, group-buy, reminder. */

import { make, money, ours, say, web, when } from "./chat-words.js";

const TAP = "/tap:";
// Ends where a sentence goes on: Chinese puts no space after an address.
const ADDRESS = /https?:\/\/[^\s<>"'“”‘’「」『』《》（），。！？；：、…]+/gu;
const TAIL = /[.,!?;:)\]}]+$/u;

/** The elements of one sent message; `press(token, title)` is called for its buttons. */
export function draw(messages, press) {
  const drawn = [];
  let shelf = null;
  for (const message of messages) {
    const kind = message.custom?.type;
    const part = (SHAPES[kind] ?? plain)(message, press);
    if (kind !== "card") shelf = null;
    else if (shelf) { shelf.append(part); continue; }
    else { shelf = make("div", { className: "shelf", tabIndex: 0, role: "group", ariaLabel: say("goods") }, part); drawn.push(shelf); continue; }
    drawn.push(part);
  }
  return drawn;
}

const SHAPES = { card, options, payment_link: bill, group_buy: team, reminder };

function plain(message, press) {
  const picture = message.image ? photo(message.image, message.text) : null;
  const words = message.text && !picture ? prose(message.text) : null;
  return make("div", { className: "said" }, picture, words, buttons(message.buttons, press));
}

/** Text as it was written, in its own direction; addresses in it lead somewhere. */
export function prose(text) {
  const words = make("p", { className: "words", dir: "auto" });
  let told = 0;
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    const address = found.replace(TAIL, "");
    const href = web(address);
    if (!href) continue;
    words.append(text.slice(told, index), make("a", { href, target: "_blank", rel: "noopener", dir: "ltr" }, address));
    told = index + address.length;
  }
  words.append(text.slice(told));
  return words;
}

function options(message, press) {
  return make("div", { className: "said bare" }, buttons(message.buttons, press));
}

function card(message, press) {
  const { title, price, image } = message.custom;
  const [cost, reasons] = split(message.text, title, price);
  return make(
    "article", { className: "goods" },
    image ? photo(image, "") : null,
    make("h3", { dir: "auto" }, title),
    make("p", { className: "money" }, cost),
    ...reasons.map((reason) => make("p", { className: "reason", dir: "auto" }, reason)),
    buttons(message.buttons, press),
  );
}

/** The text of a card tells title, price and reasons, a line each; the price is made from figures. */
function split(text, title, price) {
  const lines = text.split("\n").filter((line) => line.trim() && line !== title);
  const whole = String(Math.trunc(price.amount_minor / 100));
  const cost = lines.find((line) => line.length < 24 && line.replaceAll(",", "").includes(whole));
  return [cost ?? money(price), lines.filter((line) => line !== cost)];
}

function bill(message) {
  const { url, amount } = message.custom;
  const path = ours(url, "/pay/");
  const label = message.text.split("\n").filter((line) => line !== url).join("\n");
  const link = path && make(
    "a", { className: "go", href: path, target: "_blank", rel: "noopener" },
    say("pay.open"), make("span", { className: "hidden" }, ` (${say("pay.new_tab")})`),
  );
  return make(
    "article", { className: "bill" },
    prose(label), make("p", { className: "money" }, money(amount)), link,
  );
}

function team(message, press) {
  const { have, need, deadline, price, state, image } = { ...message.custom, image: message.image };
  const all = have + need;
  return make(
    "article", { className: `team ${state}` },
    image ? photo(image, "") : null,
    make(
      "div", {},
      make("p", { className: "state" }, make("span", { className: "badge" }, say(`team.state.${state}`)),
        make("span", { className: "money" }, money(price))),
      prose(message.text),
      make("progress", { max: all, value: have, ariaLabel: say("team.label") }),
      make("p", { className: "small" }, say("team.count", { have, all }),
        state === "open" ? ` · ${say("team.until", { when: when(deadline, "day") })}` : null),
      buttons(message.buttons, press),
    ),
  );
}

function reminder(message, press) {
  return make(
    "article", { className: "reminder" },
    make("p", { className: "small" }, `🔔 ${say("reminder.label")}`),
    prose(message.text), buttons(message.buttons, press),
  );
}

function buttons(list, press) {
  if (!list?.length) return null;
  return make("div", { className: "choices" }, ...list.map((one) => button(one, press)));
}

function button({ title, payload, url }, press) {
  if (url) {
    const href = web(url);
    return href && make("a", { className: "choice", href, target: "_blank", rel: "noopener" }, title);
  }
  const token = payload.startsWith(TAP) ? payload.slice(TAP.length) : null;
  const drawn = make("button", { type: "button", className: "choice", dir: "auto" }, title);
  drawn.addEventListener("click", () => press(token, title));
  return drawn;
}

function photo(address, words) {
  const path = ours(address, "/media/");
  return path && make("img", { src: path, alt: words ?? "", className: "photo", loading: "lazy", decoding: "async" });
}
