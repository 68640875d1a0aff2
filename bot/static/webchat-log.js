/* What the chat shows: lines of the visitor, answers of the shop, cards changed in place. */

import { End } from "./chat-end.js";
import { draw, prose } from "./chat-parts.js";
import { make, say, when } from "./chat-words.js";

const THINKING = 60_000; // ms; whoever has not been answered by then is not being answered

export class Log {
  /** `press(token, title)` for buttons, `again(id)` for what failed. */
  constructor({ place, log, hello, typing }, { press, again }) {
    Object.assign(this, { log, hello, typing, press, again, end: new End(place, log, typing) });
    this.clear();
  }

  clear() {
    this.lines = new Map();
    this.told = new Set();
    this.live = new Map();
    this.log.replaceChildren();
    this.hello.hidden = false;
  }

  /** A line of the visitor's own, on its way or told by the shop: one and the same row. */
  line({ id, text, pressed, sealed, file, at }, state) {
    let row = this.lines.get(id);
    if (!row) {
      const words = file ? attachment(file) : sealed && !text ? make("em", {}, `🔒 ${say("sealed")}`) : prose(text);
      const bubble = make("div", { className: `bubble${pressed ? " pressed" : ""}` }, words);
      const foot = make("p", { className: "foot" }, make("time", { dateTime: at }, when(at, "time")), make("span", { className: "mark" }));
      row = make("div", { className: "row mine" }, bubble, foot);
      this.lines.set(id, row);
      this.#add(row, true);
    }
    if (state === "sent") row.querySelector("time").textContent = when(at, "time");
    if (row.dataset.state !== state) {
      row.dataset.state = state;
      row.querySelector(".mark").replaceChildren(...MARKS[state](() => this.again(id)));
    }
    return row;
  }

  /** What did not arrive, and why. */
  explain(id, why) {
    const mark = this.lines.get(id)?.querySelector(".mark .bad");
    if (mark && why) mark.textContent = `${why} `;
  }

  /** What the shop says; a live message takes the place of its earlier self. False: known already. */
  message(item) {
    if (this.told.has(item.id)) return false;
    this.told.add(item.id);
    const parts = draw(item.messages, (token, title) => this.press(token, title));
    const before = item.live && this.live.get(item.live);
    if (before) {
      if (before.newest < item.id) { before.newest = item.id; before.body.replaceChildren(...parts); }
      return false;
    }
    const body = make("div", { className: "body" }, ...parts);
    if (item.live) this.live.set(item.live, { body, newest: item.id });
    const name = item.staff ? make("p", { className: "name" }, say("staff")) : null;
    const foot = make("p", { className: "foot" }, make("time", { dateTime: item.at }, when(item.at, "time")));
    this.#add(make("div", { className: "row shop" }, name, body, foot), false);
    return true;
  }

  /** Somebody thinks about what was said a moment ago. */
  think(queue, { human, shop }) {
    const since = Date.now() - THINKING;
    const on = !human && queue.some((line) => line.sent > since);
    if (on === !this.typing.hidden) return;
    this.typing.hidden = !on;
    this.typing.textContent = on ? say("typing", { shop }) : "";
  }

  #add(row, mine) {
    this.log.append(row);
    this.hello.hidden = true;
    if (mine) this.end.go();
  }
}

const MARKS = {
  waiting: () => [sign("🕓", "waiting")],
  sending: () => [sign("…", "sending")],
  sent: () => [sign("✓", "sent")],
  failed: (again) => {
    const retry = make("button", { type: "button", className: "link" }, say("again"));
    retry.addEventListener("click", again);
    return [make("span", { className: "bad", role: "alert" }, `${say("failed")} `), retry];
  },
};

function sign(shown, id) { return make("span", { role: "img", ariaLabel: say(id) }, shown); }

/** A picture of one's own, as chosen or as kept by the shop; a PDF is a link. */
function attachment({ media, address, blob, size }) {
  const href = blob ?? address;
  if (media !== "image") return make("a", { href, target: "_blank", rel: "noopener", className: "paper" }, `📄 ${say("file")}`);
  const [width, height] = size ?? [];
  const picture = make("img", { src: href, alt: say("picture"), className: "own", ...(width ? { width, height } : {}) });
  return make("a", { href, target: "_blank", rel: "noopener" }, picture);
}
