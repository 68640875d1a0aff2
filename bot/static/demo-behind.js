/* What just happened, moment by moment: heard ▸ understood ▸ steps ▸ rows written ▸ sent. */

import { GROUP, make, nameOf, say, when } from "./demo-words.js";

const KEPT = 25;
const LONGEST = 64;
const place = document.querySelector("#happened .moments");
const told = new Set();

/** One moment, put on top and opened; the one before it closes. */
export function happened(turn) {
  if (told.has(turn.at)) return;
  told.add(turn.at);
  document.querySelector("#happened .empty").hidden = true;
  for (const open of place.querySelectorAll("details[open]")) open.open = false;
  place.prepend(make("details", { className: "moment", open: true }, head(turn), body(turn)));
  while (place.childElementCount > KEPT) place.lastElementChild.remove();
}

function head({ at, line, messages }) {
  const title = line ? `${nameOf(line.who)}: ${spoken(line)}` : `${say("behind.nobody")} · ${messages.map((one) => one.response).filter(Boolean)[0] ?? ""}`;
  return make("summary", {}, make("time", { dateTime: at }, when(at, "second")), " ", make("span", { className: "gist" }, title));
}

function spoken(line) {
  if (line.private) return "🔒";
  return line.pressed ? `[${line.text}]` : line.text;
}

function body(turn) {
  const stages = [
    turn.line && stage(turn.line.pressed ? "pressed" : "heard", [make("p", { className: "words" }, turn.line.private ? `🔒 ${say("sealed")}` : turn.line.text), make("p", { className: "small" }, turn.line.chat === GROUP ? `${nameOf(turn.line.who)} · ${where(GROUP)}` : where(turn.line.chat))]),
    turn.understood && stage("understood", understood(turn.understood)),
    turn.steps.length && stage("steps", steps(turn.steps)),
    turn.rows.length && stage("rows", [make("p", { className: "rows" }, ...turn.rows.flatMap(row))]),
    turn.messages.length && stage("messages", turn.messages.map(sent)),
  ];
  const link = turn.conversation ? make("p", { className: "small" }, make("a", { href: `/console/chats/${turn.conversation}/inspect` }, say("behind.console"))) : null;
  return make("div", {}, make("ol", { className: "stages" }, ...stages.filter(Boolean)), link);
}

function stage(name, children) {
  return make("li", { className: name }, make("h3", {}, say(`behind.${name}`)), ...children);
}

function understood({ commands, intent, confidence, language, link }) {
  const lines = commands.map(({ command, ...rest }) => code(command, fields(rest)));
  const how = [intent, link && `${say("behind.by")} ${link}`, intent && `${Math.round(confidence * 100)}% ${say("behind.sure")}`, language];
  return [...lines, make("p", { className: "small" }, how.filter(Boolean).join(" · "))];
}

/** `SetSlot budget = max 300`: names that go without saying are left out. */
function fields({ flow, slot, action, value, append, ...rest }) {
  const given = value === undefined ? null : `= ${short(value)}`;
  return [flow, slot, action, given, short(rest)].filter(Boolean).join(" ");
}

/** The way through the flows on one line; actions and slots below it, in order. */
function steps(list) {
  const drawn = [];
  let way = null;
  for (const { kind, flow, step, data } of list) {
    if (kind === "step_entered" || kind === "flow_started") {
      if (!way || way.dataset.flow !== flow) {
        way = make("p", { className: "way" }, make("b", {}, flow));
        way.dataset.flow = flow;
        drawn.push(way);
      }
      if (kind === "step_entered") way.append(" ▸ ", make("span", {}, step));
      continue;
    }
    const fills = kind === "slot_set" || kind === "question_answered";
    if (fills && data.value === null) continue; // emptied before it is asked again
    if (fills) drawn.push(code("slot", `${data.slot} = ${"value" in data ? short(data.value) : "🔒"}`));
    else if (kind === "action_requested") drawn.push(code("action", data.action));
    else drawn.push(code(kind.replaceAll("_", " "), [flow, brief(data)].filter(Boolean).join(" ")));
  }
  return drawn;
}

function brief(data) {
  return Object.entries(data ?? {}).filter(([name]) => name !== "call").map(([, value]) => short(value)).join(" ");
}

function row({ table, count, told: facts }) {
  const chips = [make("span", { className: "chip" }, table, make("b", {}, ` ${count}`))];
  for (const fact of facts ?? []) {
    const state = fact.state ?? (fact.due ? when(fact.due, "day") : "");
    chips.push(make("span", { className: "chip fact" }, `${table} ${fact.name} ${state}`));
  }
  return facts ? chips.slice(1) : chips;
}

function sent({ chat, response, kinds, live }) {
  const parts = Object.entries(kinds).map(([kind, count]) => (count > 1 ? `${kind} ×${count}` : kind)).join(", ");
  return make("p", { className: "code-line" }, make("b", {}, `→ ${where(chat)}`), ` ${response ?? ""} `, make("span", { className: "small" }, live ? `${parts} · ${say("behind.edits")}` : parts));
}

function where(chat) {
  return chat === GROUP ? say("behind.group") : `${nameOf(chat)} (${say("behind.private")})`;
}

function code(kind, words) {
  return make("p", { className: "code-line" }, make("b", {}, kind), ` ${words}`);
}

/** A value as one reads it: an object by its fields that say something. */
function short(value) {
  const text = Array.isArray(value) ? value.map(short).join(", ")
    : value && typeof value === "object"
      ? Object.entries(value).filter(([, part]) => part !== null && part !== false && part !== "").map(([name, part]) => `${name} ${short(part)}`).join(" ")
      : String(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
