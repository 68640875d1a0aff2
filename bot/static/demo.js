/* The demo page: who you are, what you say, and the stream that brings everything else. */

import { happened } from "./demo-behind.js";
import { Chat } from "./demo-chat.js";
import { openDesk, setBills, setClock, shopNow } from "./demo-desk.js";
import { GROUP, LANG, PEOPLE, VISITOR, ZONE, nameOf, say, send } from "./demo-words.js";

const body = document.body;
const panes = { private: document.querySelector("#private"), group: document.querySelector("#group") };
const nickname = document.querySelector("#nickname");
const tongue = document.querySelector("#tongue");
const pin = document.querySelector(".pin");
const status = document.querySelector(".line");
const chats = new Map();
const languages = {};
const unseen = new Map();
const lanes = new Map();
const wide = matchMedia("(min-width: 62.01rem)"); // demo.css: all panes beside each other
let who = VISITOR;
let waiting = 0;

for (const id of [...PEOPLE.keys(), GROUP]) {
  const place = panes[id === GROUP ? "group" : "private"].querySelector(".logs");
  const where = id === GROUP ? "group" : "private";
  chats.set(id, new Chat(id, place, {
    press: (token, title) => speak({ where, text: title, press: token }),
    again: (line) => speak(line),
  }));
}

/* — who you are — */

function become(id) {
  who = id;
  for (const [key, chat] of chats) if (key !== GROUP) chat.show(key === id);
  chats.get(GROUP).seenBy(id);
  recount();
  const visitor = id === VISITOR;
  nickname.hidden = !visitor;
  tongue.value = languages[id] ?? (visitor ? LANG : PEOPLE.get(id).label.querySelector(".chip").lang);
  document.querySelector("#private-of").textContent = say("private.of", { name: nameOf(id) });
  localStorage.setItem("tuanzi.who", id);
}

function called(name) {
  PEOPLE.get(VISITOR).name = name || say("you");
  PEOPLE.get(VISITOR).label.querySelector(".called").textContent = nameOf(VISITOR);
  const names = [...PEOPLE.keys()].map(nameOf).join(say("group.and"));
  document.querySelector("#group-of").textContent = say("group.members", { names });
  localStorage.setItem("tuanzi.name", name);
}

/** A small number on a name or a tab; nobody needs to count up to a hundred. */
function notice(holder, count) {
  const badge = holder.querySelector(".news");
  badge.hidden = count === 0;
  badge.textContent = count > 99 ? "99+" : count || "";
  badge.ariaLabel = count ? say("news", { count }) : null;
}

function isSeen(chat) {
  const view = chat === GROUP ? "group" : "private";
  return (chat === GROUP || chat === who) && (wide.matches || body.dataset.view === view);
}

/** How many messages of each chat nobody has seen: on the names, and on a phone on the tabs. */
function recount(arrived = null) {
  for (const id of chats.keys()) {
    const before = unseen.get(id) ?? 0;
    unseen.set(id, isSeen(id) ? 0 : before + (id === arrived ? 1 : 0));
  }
  for (const { id, label } of PEOPLE.values()) notice(label, id === who ? 0 : unseen.get(id));
  notice(tab("private"), unseen.get(who));
  notice(tab("group"), unseen.get(GROUP));
}

function tab(view) { return document.querySelector(`.views [data-view="${view}"]`); }

function look(view) {
  body.dataset.view = view;
  for (const one of document.querySelectorAll(".views button")) one.ariaPressed = String(one === tab(view));
  recount();
  if (view === "private") chats.get(who).end.go();
  if (view === "group") chats.get(GROUP).end.go();
}

/* — speaking — */

async function speak({ where, text, press = null, as = who }) {
  const id = crypto.randomUUID();
  const chat = chats.get(where === "group" ? GROUP : as);
  const line = { where, text, press, as };
  const name = `${as}:${id}`;
  chat.line({ id: name, who: as, text, pressed: press !== null, at: shopNow() }, true, "sending");
  waiting += 1;
  const slow = setTimeout(() => chat.typing(true), 250);
  try {
    const { heard } = await inOrder(chat.id, {
      as, in: where, id, locale: LANG, timezone: ZONE, ...(press === null ? { text } : { press }),
      ...(as === VISITOR && nickname.value ? { name: nickname.value } : {}),
    });
    chat.mark(name, heard ? "sent" : "unheard");
  } catch {
    chat.mark(name, "failed", line);
  }
  waiting -= 1;
  clearTimeout(slow);
  if (waiting === 0) chats.forEach((one) => one.typing(false));
}

/** What is said quickly in one chat is heard in the order it was said. */
function inOrder(chat, line) {
  const sent = (lanes.get(chat) ?? Promise.resolve()).then(() => send("POST", "/demo/say", line));
  lanes.set(chat, sent.catch(() => {}));
  return sent;
}

function openComposer(form) {
  const field = form.elements.text;
  const fit = () => { field.style.height = "auto"; field.style.height = `${Math.min(field.scrollHeight + 2, 140)}px`; };
  field.addEventListener("input", fit);
  field.addEventListener("keydown", (event) => {
    // While a Chinese word is being composed, Enter chooses it.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (!text) return;
    field.value = "";
    fit();
    speak({ where: form.dataset.where, text });
  });
}

/* — the stream — */

function listen() {
  const names = [...chats.keys()].join(",");
  const source = new EventSource(`/demo/stream?chats=${encodeURIComponent(names)}`);
  const on = (kind, act) => source.addEventListener(kind, (event) => act(JSON.parse(event.data)));
  // A private chat is its person's own, whoever one is while it is told.
  on("said", (line) => chats.get(line.chat)?.line(line, line.chat !== GROUP || line.who === who, "sent"));
  on("message", (item) => {
    const chat = chats.get(item.chat);
    chat.typing(false);
    const drawn = chat.message(item, false);
    if (drawn && body.dataset.ready) recount(item.chat);
    if (drawn && item.chat === GROUP && item.live) hang(item, drawn);
  });
  on("turn", happened);
  on("state", (state) => {
    setClock(state.now);
    setBills(state.bills);
    Object.assign(languages, state.languages);
    if (languages[who]) tongue.value = languages[who];
    if (!body.dataset.ready) begun();
  });
  source.addEventListener("open", () => { if (!status.hidden) status.textContent = say("back"); setTimeout(() => { if (source.readyState === 1) status.hidden = true; }, 1500); });
  source.addEventListener("error", () => { status.textContent = say("lost"); status.hidden = false; });
  addEventListener("pagehide", () => source.close());
}

/** History is told, now things are new. */
function begun() {
  body.dataset.ready = "yes";
  chats.forEach((chat) => chat.ready());
  chats.get(who).end.go();
  chats.get(GROUP).end.go();
}

/** The open team's card hangs above the group chat, one press away however far it has scrolled. */
function hang(item, drawn) {
  const team = item.messages.map((one) => one.custom).find((custom) => custom?.type === "group_buy");
  if (!team || (team.state !== "open" && pin.dataset.team !== team.id)) return;
  pin.hidden = team.state !== "open";
  pin.dataset.team = team.id;
  pin.textContent = `🧺 ${say("team.count", { have: team.have, all: team.have + team.need })} · ${say("team.show")}`;
  pin.onclick = () => { drawn.scrollIntoView({ block: "center" }); drawn.focus(); };
}

/* — begin — */

for (const { input } of PEOPLE.values()) input.addEventListener("change", () => become(input.value));
for (const one of document.querySelectorAll(".views button")) one.addEventListener("click", () => look(one.dataset.view));
for (const chip of document.querySelectorAll(".try")) chip.addEventListener("click", () => speak({ where: chip.dataset.where, text: chip.textContent }));
document.querySelectorAll(".composer").forEach(openComposer);
nickname.addEventListener("change", () => called(nickname.value.trim()));
tongue.addEventListener("change", () => send("PUT", `/demo/people/${who}/language`, { locale: tongue.value }).catch(() => {}));
nickname.value = localStorage.getItem("tuanzi.name") ?? "";
called(nickname.value);
const before = PEOPLE.get(localStorage.getItem("tuanzi.who")) ?? PEOPLE.get(VISITOR);
before.input.checked = true;
chats.get(GROUP).show(true);
become(before.id);
openDesk();
listen();
