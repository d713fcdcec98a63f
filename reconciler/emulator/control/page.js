"use strict";
// Asks the control paths once a second and shows what they tell. Resources, URLs and errors were written by others:
// they only ever become text (textContent), and the page's policy forbids any other script.

const PAUSE = 1000; // milliseconds
const PATHS = {
  clock: "clock",
  behaviours: "behaviours",
  faults: "faults",
  world: "world?count",
  subscriptions: "subscriptions?limit=200",
  deliveries: "deliveries?limit=200",
  endpoints: "endpoints?limit=200",
  requests: "requests?limit=200",
};
const TONES = {
  delivered: "good", good: "good", waiting: "quiet", retrying: "warn", slow: "warn",
  drop: "bad", dropped: "bad", givenUp: "bad", lapsed: "bad",
};
const STATES = { givenUp: "given up" };
const defaults = JSON.parse(document.getElementById("defaults").textContent);

// One cell: a text, or several marks, each with its tone and what is shown when pointed at.
const text = (value, { kind = "", title = "" } = {}) => ({ kind, marks: [], value: String(value ?? ""), title });
const marks = (...all) => ({ kind: "", marks: all, value: "", title: "" });
const mark = (value, tone, title = "") => ({ value: String(value), tone, title });
const stateMark = (state, title = "") => mark(STATES[state] ?? state, TONES[state] ?? "quiet", title);
const statusTone = (status) => (status < 300 ? "good" : status < 500 ? "warn" : "bad");

// Spans and instants, by the emulator's clock.
function span(seconds) {
  const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const first = Math.max(0, units.findIndex(([, size]) => seconds >= size));
  if (seconds < 1) return "0 s";
  const [unit, size] = units[first];
  const whole = Math.floor(seconds / size);
  const next = units[first + 1];
  const rest = next ? Math.floor((seconds - whole * size) / next[1]) : 0;
  return `${whole} ${unit}${rest ? ` ${rest} ${next[0]}` : ""}`;
}

function until(instant, now) {
  const seconds = (Date.parse(instant) - now) / 1000;
  return seconds >= 0 ? `in ${span(seconds)}` : `${span(-seconds)} ago`;
}

function due(instant, now) {
  if (!instant) return text("");
  const left = (Date.parse(instant) - now) / 1000;
  return marks(mark(until(instant, now), left < 0 ? "bad" : left < 900 ? "warn" : "quiet", instant));
}

const time = (instant) => text(instant ? instant.slice(11, 19) : "", { title: instant, kind: "quiet" });
const took = (seconds) => (seconds == null ? "" : seconds < 1 ? `${(seconds * 1000).toFixed(0)} ms` : `${seconds.toFixed(1)} s`);
const short = (identifier) => (identifier ?? "").slice(0, 8);

// An endpoint that has got nothing so far has no state.
const endpointState = (state) => (state ? marks(stateMark(state)) : text(""));

const withoutScheme = (url) => url.replace(/^https:\/\//i, "");

const ROWS = {
  subscriptions: (each, { now, states }) => ({
    key: each.id,
    cells: [
      text(each.resource, { kind: "long code", title: each.id }),
      text(each.changeType),
      text(short(each.applicationId), { kind: "code quiet", title: `${each.applicationId} in tenant ${each.tenantId}` }),
      due(each.expirationDateTime, now),
      due(each.authorizedUntil, now),
      text(withoutScheme(each.notificationUrl), { kind: "long code", title: `lifecycle: ${each.lifecycleNotificationUrl}` }),
      endpointState(states.get(each.endpoint)),
    ],
  }),
  deliveries: (each, { now }) => ({
    key: each.id,
    cells: [
      time(each.createdDateTime),
      marks(stateMark(each.state), ...(each.kind === "lifecycle" ? [mark("lifecycle", "quiet")] : [])),
      text(each.notifications, { title: each.subscriptionIds.join("\n") }),
      text(withoutScheme(each.url), { kind: "long code" }),
      { ...marks(...each.attempts.map(attempt)), kind: "long" },
      text([each.nextAttempt && until(each.nextAttempt, now), each.reason].filter(Boolean).join(": "), { kind: "quiet" }),
    ],
  }),
  endpoints: (each, { now }) => ({
    key: each.url,
    cells: [
      text(withoutScheme(each.url), { kind: "long code" }),
      marks(stateMark(each.state)),
      text(record(each, now), { kind: "long" }),
    ],
  }),
  requests: (each) => ({
    key: `${each.at} ${each.method} ${each.path} ${each.seconds}`,
    cells: [
      time(each.at),
      marks(mark(each.status, statusTone(each.status))),
      text(each.method),
      text(each.path, { kind: "long code" }),
      text(short(each.app), { kind: "code quiet", title: each.app ? `${each.app} in tenant ${each.tenant}` : "no token" }),
      text(took(each.seconds), { kind: "quiet" }),
    ],
  }),
};

function attempt({ at, seconds, status, error }) {
  const told = status ? `${status} in ${took(seconds)}` : error;
  return mark(`${at.slice(11, 19)} ${told}`, status ? statusTone(status) : "bad", `${at}: ${error ?? status}`);
}

// The last 10 minutes of an endpoint. Slow is over the limit of a first attempt, late over that of a later one.
function record(endpoint, now) {
  const told = [`items: ${endpoint.notifications}, POSTs: ${endpoint.responses}`];
  if (endpoint.overFirst) told.push(`slow: ${endpoint.overFirst}`);
  if (endpoint.overRetry) told.push(`late: ${endpoint.overRetry}`);
  if (endpoint.probing) told.push("is probed");
  else if (endpoint.until) told.push(`is probed ${until(endpoint.until, now)}`);
  return told.join(", ");
}

// Showing. What stays the same is left alone, so that a selection and the place in a list are kept.
function say(node, value) {
  if (node.textContent !== value) node.textContent = value;
}

function fillCell(td, cell) {
  const wanted = JSON.stringify(cell);
  if (td.dataset.shown === wanted) return;
  td.dataset.shown = wanted;
  td.className = cell.kind;
  td.title = cell.title;
  td.textContent = cell.value;
  for (const each of cell.marks) {
    const span = document.createElement("span");
    span.className = `mark ${each.tone}`;
    span.title = each.title;
    span.textContent = each.value;
    td.append(span);
  }
}

function fillTable(tbody, rows) {
  const old = new Map([...tbody.rows].map((tr) => [tr.dataset.key, tr]));
  let place = tbody.firstElementChild;
  for (const { key, cells } of rows) {
    const tr = old.get(key) ?? document.createElement("tr");
    old.delete(key);
    tr.dataset.key = key;
    while (tr.cells.length < cells.length) tr.insertCell();
    cells.forEach((cell, index) => fillCell(tr.cells[index], cell));
    if (tr === place) place = place.nextElementSibling;
    else tbody.insertBefore(tr, place);
  }
  for (const tr of old.values()) tr.remove();
}

function fillPairs(list, pairs) {
  const wanted = JSON.stringify(pairs);
  if (list.dataset.shown === wanted) return;
  list.dataset.shown = wanted;
  list.replaceChildren();
  for (const { name, value, tone, title } of pairs) {
    const div = list.appendChild(document.createElement("div"));
    div.title = title;
    div.appendChild(document.createElement("dt")).textContent = name;
    const dd = div.appendChild(document.createElement("dd"));
    dd.textContent = value;
    dd.className = tone;
  }
}

function counted(section, shown, total) {
  section.classList.toggle("filled", shown > 0);
  const count = section.querySelector(".count");
  if (count) say(count, total > shown ? `newest ${shown} of ${total}` : shown ? `${shown}` : "");
}

function showList(name, told, surroundings) {
  const section = document.getElementById(name);
  const rows = new Map(told.value.map((each) => ROWS[name](each, surroundings)).reverse().map((row) => [row.key, row]));
  fillTable(section.querySelector("tbody"), [...rows.values()]);
  counted(section, rows.size, told.count ?? rows.size);
}

function showClock({ now, offset, scale }) {
  say(document.getElementById("now"), `${now.slice(0, 10)} ${now.slice(11, 19)} UTC`);
  const moved = offset ? `moved by ${span(offset)}` : "the machine's";
  say(document.getElementById("offset"), scale && scale !== 1 ? `${moved}, ${scale} times as fast` : moved);
}

function showPairs(name, pairs) {
  const section = document.getElementById(name);
  fillPairs(section.querySelector("dl"), pairs);
  counted(section, pairs.length, pairs.length);
}

function showBehaviours(told) {
  const pairs = Object.entries(told).map(([name, value]) => {
    const known = defaults.behaviours[name];
    return { name, value, tone: value === known?.default ? "" : "warn", title: known?.question ?? "" };
  });
  showPairs("behaviours", pairs);
}

function showWorld(told) {
  showPairs("world", Object.entries(told).map(([name, value]) => ({ name, value, tone: "", title: "" })));
}

// Nested ones by a joined name, without those that are as in an emulator without faults.
function* inForce(told, usual, prefix = "") {
  for (const [name, value] of Object.entries(told)) {
    const before = usual?.[name];
    if (value && typeof value === "object" && !Array.isArray(value)) yield* inForce(value, before, `${prefix}${name}.`);
    else if (JSON.stringify(value) !== JSON.stringify(before)) yield [`${prefix}${name}`, value];
  }
}

// A fault's value in words: one line for each item of a list, each without what is not said.
function words(value) {
  if (Array.isArray(value)) return value.map(words).join("\n");
  if (value === null || typeof value !== "object") return String(value);
  const said = Object.entries(value).filter(([, each]) => each !== null);
  return said.map(([name, each]) => `${name} ${words(each)}`).join(", ");
}

function showFaults(told) {
  const inWords = ([name, value]) => ({ name, value: words(value), tone: "bad", title: "" });
  showPairs("faults", [...inForce(told, defaults.faults)].map(inWords));
}

function show(told) {
  const now = Date.parse(told.clock.now);
  const states = new Map(told.endpoints.value.map((each) => [each.url, each.state]));
  showClock(told.clock);
  showBehaviours(told.behaviours);
  showFaults(told.faults);
  showWorld(told.world);
  for (const name of Object.keys(ROWS)) showList(name, told[name], { now, states });
}

// Asking.
async function ask(path) {
  const answer = await fetch(`/emulator/${path}`, { cache: "no-store" });
  if (!answer.ok) throw new Error(`/emulator/${path} answers ${answer.status}`);
  return answer.json();
}

let looks = 0;

async function look() {
  const mine = ++looks;
  const state = document.getElementById("state");
  try {
    const told = await Promise.all(Object.entries(PATHS).map(async ([name, path]) => [name, await ask(path)]));
    if (mine < looks) return; // a later look has begun: it shows what is newer
    show(Object.fromEntries(told));
    say(state, "live");
    state.className = "";
  } catch (error) {
    say(state, `no answer: ${error.message}`);
    state.className = "bad";
  }
}

async function advance(seconds) {
  await fetch("/emulator/clock", { method: "POST", body: JSON.stringify({ advance: seconds }) });
  await look();
}

async function keepLooking() {
  if (!document.hidden) await look();
  setTimeout(keepLooking, PAUSE);
}

say(document.getElementById("origin"), location.origin);
for (const button of document.querySelectorAll("[data-advance]"))
  button.addEventListener("click", () => advance(Number(button.dataset.advance)));
document.addEventListener("visibilitychange", () => document.hidden || look());
keepLooking();
