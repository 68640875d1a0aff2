/* The desk on the right: the shop's clock, and the simulated bank with the bills that wait. */

import { make, money, nameOf, say, send, when } from "./demo-words.js";

const clock = document.querySelector("#clock");
const bank = document.querySelector("#bank");
const OUTCOMES = ["approved", "declined", "lost", "twice", "late"];
let ahead = 0; // milliseconds the shop's clock is ahead of this machine's
let paying = false;

/** The stream says what time it is in the shop; from then on it ticks by itself. */
export function setClock(now) {
  ahead = new Date(now).getTime() - Date.now();
  tick();
}

function tick() {
  const now = new Date(Date.now() + ahead);
  const shown = clock.querySelector("time");
  const text = when(now, "full");
  if (shown.textContent !== text) { shown.textContent = text; shown.dateTime = now.toISOString(); }
}

/** The moment in the shop, for what is shown before the server has seen it. */
export function shopNow() { return new Date(Date.now() + ahead).toISOString(); }

async function turn(advance) {
  const note = clock.querySelector(".note");
  const acts = [...clock.querySelectorAll("button")];
  acts.forEach((act) => { act.disabled = true; });
  note.textContent = say("clock.turning");
  try {
    const { now } = await send("POST", "/demo/clock", { advance });
    setClock(now);
    note.textContent = say("clock.turned", { when: when(now, "full") });
  } catch {
    note.textContent = say("clock.failed");
  }
  acts.forEach((act) => { act.disabled = false; });
}

export function openDesk() {
  setInterval(tick, 1000);
  for (const act of clock.querySelectorAll("[data-advance]")) act.addEventListener("click", () => turn(act.dataset.advance));
  clock.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    const { count, unit } = Object.fromEntries(new FormData(event.target));
    turn(`${count} ${unit}`);
  });
}

/** The bills that wait, each with the ways a bank can behave. */
export function setBills(bills) {
  bank.querySelector(".empty").hidden = bills.length > 0;
  bank.querySelector(".bills").replaceChildren(...bills.map(draw));
}

function draw(bill) {
  const head = make(
    "p", { className: "head" }, make("b", {}, say("bank.bill", { number: bill.number })),
    make("span", { className: "muted" }, nameOf(bill.who)), make("span", { className: "money" }, money(bill.amount)),
  );
  const page = make("a", { href: bill.path, target: "_blank", rel: "noopener" }, say("pay.open"));
  if (bill.state === "checking") return make("li", {}, head, make("p", { className: "small" }, say("bank.checking")), page);
  const acts = OUTCOMES.map((outcome) => {
    const act = make("button", { type: "button", className: outcome }, say(outcome === "declined" ? "bank.declined_act" : `bank.${outcome}`));
    act.addEventListener("click", () => pay(bill, outcome));
    return act;
  });
  const declined = bill.declined ? make("p", { className: "small bad" }, say("bank.declined")) : null;
  return make("li", {}, head, declined, make("div", { className: "acts", role: "group", ariaLabel: say("bank.bill", { number: bill.number }) }, ...acts), page);
}

/** The same form that the pay page sends; what came of it arrives by the stream. */
async function pay({ path }, outcome) {
  if (paying) return;
  paying = true;
  const note = bank.querySelector(".note");
  note.textContent = "";
  try {
    const answer = await fetch(`${path}/sandbox`, { method: "POST", body: new URLSearchParams({ outcome }), redirect: "manual" });
    if (answer.type !== "opaqueredirect") throw new Error(`${answer.status}`);
  } catch {
    note.textContent = say("bank.failed");
  }
  paying = false;
}
