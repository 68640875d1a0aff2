/* What every part of the demo page shares: the texts and tools of all chats, and its people. */

import { make } from "./chat-words.js";

export * from "./chat-words.js";

const page = document.body.dataset;

export const VISITOR = page.visitor;
export const GROUP = page.group;
export const MARK = page.mark;

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
