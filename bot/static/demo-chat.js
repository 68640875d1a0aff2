/* One chat's log: lines of people, answers of the shop, cards edited in place, who is writing. */

import { End } from "./chat-end.js";
import { draw } from "./chat-parts.js";
import { GROUP, MARK, VISITOR, face, make, nameOf, say, when } from "./demo-words.js";

export class Chat {
  /** `press(token, title)` and `again(line)` are called for buttons and for what failed. */
  constructor(id, place, { press, again }) {
    Object.assign(this, { id, press, again, lines: new Map(), live: new Map(), told: new Set() });
    this.log = make("div", { className: "log", role: "log", tabIndex: 0, ariaLabel: place.getAttribute("aria-label"), ariaBusy: "true" });
    this.hello = place.querySelector(".hello");
    this.writing = make("div", { className: "row writing", hidden: true }, face(""), make("span", { className: "dots", role: "status" }));
    this.place = make("div", { className: "scroll", hidden: true }, this.log, this.writing);
    place.append(this.place);
    this.end = new End(this.place, this.log, this.writing);
  }

  get isGroup() { return this.id === GROUP; }

  /** Its history is told: from now on a screen reader hears what is new. */
  ready() { this.log.ariaBusy = "false"; }

  show(shown) {
    this.place.hidden = !shown;
    if (shown) { this.greet(); this.end.go(); }
  }

  greet() {
    this.hello.hidden = this.log.childElementCount > 0;
  }

  /** A line of somebody's, as soon as they said it; told again by the stream it is the same line. */
  line({ id, who, text, pressed = false, private: sealed = false, at }, mine, state = "") {
    const known = this.lines.get(id);
    if (known) { this.mark(id, "sent"); return; }
    const words = sealed && !text ? make("em", {}, `🔒 ${say("sealed")}`) : text;
    const bubble = make("div", { className: `bubble own${pressed ? " pressed" : ""}` }, make("p", { className: "words" }, words));
    const foot = make("p", { className: "foot" }, make("time", { dateTime: at }, when(at, "time")), make("span", { className: "mark" }));
    const name = this.isGroup ? make("p", { className: "name" }, nameOf(who)) : null;
    const row = make("div", { className: `row person ${mine ? "mine" : ""}` }, face(who), make("div", { className: "side" }, name, bubble, foot));
    row.dataset.who = who;
    this.lines.set(id, row);
    this.add(row, mine);
    if (state) this.mark(id, state);
  }

  /** `sending`, `sent`, `failed` or `unheard`; what failed can be sent again. */
  mark(id, state, line = null) {
    const row = this.lines.get(id);
    if (!row) return;
    row.dataset.state = state;
    const mark = row.querySelector(".mark");
    mark.replaceChildren(...MARKS[state](() => this.again(line)));
  }

  /** What the shop says. A live message takes the place of its earlier self. */
  message(item, mine) {
    if (this.told.has(item.id)) return null;
    this.told.add(item.id);
    const parts = draw(item.messages, (token, title) => this.press(token, title));
    const known = item.live && this.live.get(item.live);
    if (known) {
      known.replaceChildren(...parts);
      known.classList.remove("edited");
      requestAnimationFrame(() => known.classList.add("edited"));
      return known;
    }
    const to = this.isGroup && item.to ? make("p", { className: "name" }, `↩ ${say("group.answers", { name: nameOf(item.to) })}`) : null;
    const body = make("div", { className: "body", tabIndex: -1 }, ...parts);
    if (item.live) this.live.set(item.live, body);
    this.add(make("div", { className: "row shop" }, face(""), make("div", { className: "side" }, to, body, make("p", { className: "foot" }, make("time", { dateTime: item.at }, when(item.at, "time"))))), mine);
    return body;
  }

  add(row, follow) {
    this.log.append(row);
    if (!this.place.hidden) this.greet();
    if (follow) this.end.go();
  }

  typing(on) {
    this.writing.hidden = !on;
    this.writing.querySelector(".dots").textContent = on ? say("typing") : "";
  }

  /** The group looks different to each of its people: own lines stand on the right. */
  seenBy(who) {
    for (const row of this.log.querySelectorAll(".person")) row.classList.toggle("mine", row.dataset.who === who);
  }
}

const MARKS = {
  sending: () => [make("span", { ariaLabel: say("sending"), role: "img" }, "…")],
  sent: () => [make("span", { ariaLabel: say("sent"), role: "img" }, "✓")],
  unheard: () => [make("span", { className: "unheard" }, say("group.unheard"))],
  failed: (again) => {
    const retry = make("button", { type: "button", className: "link" }, say("again"));
    retry.addEventListener("click", again);
    return [make("span", { className: "bad", role: "alert" }, `${say("failed")} `), retry];
  },
};
