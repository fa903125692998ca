// Collects operators with their cases, hand-chosen and random.
import { draw } from './virtual.mjs';

// operators has every operator by its RxJS name.
export const operators = new Map();

// edges are sources that every operator with one source is tried on.
export const edges = [
  '|', '---|', '#', '--#', '-', 'a|', '0:a 0:|', '-a#', 'a-b-c|', 'ab-c-d-e-f|', 'a-b-a-a-c-A-e-#', '--b--a-', '0:a 0:b 2:c 2:d 2:|', '0:a 0:b 3:c 3:#',
];

// one defines an operator with one source, a: the edges with the first args, a
// few with the others, and random sources with any. Such a pair may be a tie,
// and is left out then; more has pairs that may not.
export function one(name, build, args = [{}], { count = 4, source = {}, more = [], only = edges } = {}) {
  const hand = only.map((a) => ({ args: args[0], sources: { a }, paired: true }));
  for (const other of args.slice(1)) {
    for (const a of ['a-b-c|', '-a-b-A-e#', '|'].filter((a) => only.includes(a) || a !== '|')) hand.push({ args: other, sources: { a }, paired: true });
  }
  for (const [other, a] of more) hand.push({ args: other, sources: { a } });
  const random = (r) => ({ args: pick(r, args), sources: { a: anySource(r, source) } });
  operators.set(name, { build, hand, random, count });
}

// several defines an operator by hand-chosen cases, each [args, sources], and a
// function for random ones.
export function several(name, build, hand, random, count = 8) {
  operators.set(name, { build, hand: hand.map(([args, sources]) => ({ args, sources })), random, count: random ? count : 0 });
}

export const pick = (r, list) => list[Math.floor(r() * list.length)];
const upTo = (r, n) => Math.floor(r() * (n + 1));

// anySource draws a random source. shared reports whether signals may share a
// column, and racing that an error may not share one with an item: where sources
// run on goroutines of their own, an item and the error behind it may race.
export function anySource(r, { letters = 'abcdeabA', most = 6, gap = 3, shared = true, racing = false, ends = '|||#-', first = 3, from = 0 } = {}) {
  const signals = [];
  const n = upTo(r, most);
  let at = from + upTo(r, first);
  for (let i = 0; i < n; i++) {
    signals.push({ at, end: '', item: pick(r, letters) });
    at += shared && r() < 0.15 ? 0 : 1 + upTo(r, gap);
  }
  const end = pick(r, ends);
  if (shared && n > 0 && r() < 0.2 && !(racing && end === '#')) at = signals[n - 1].at;
  else if (racing && n > 0 && at === signals[n - 1].at) at += 1;
  if (end !== '-') signals.push({ at, end, item: '' });
  return draw(signals);
}

// mulberry32, seeded by a name: an operator's cases don't change with others'.
export function seeded(name) {
  let state = 0;
  for (const c of name) state = Math.imul(state ^ c.charCodeAt(0), 0x01000193) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
