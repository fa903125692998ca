import {
  buffer, bufferCount, bufferTime, concat, debounceTime, filter, groupBy, map, mergeMap, of, pairwise, scan, toArray,
  window, windowCount, windowTime,
} from 'rxjs';
import { anySource, edges, one, several } from '../cases.mjs';

// groups and windows: what shares a column would go through several inner
// streams at once, whose order is unspecified.
const apart = edges.filter((e) => !e.startsWith('0:'));
const filled = filter((items) => items.length > 0);

// RxJS emits empty buffers. Where a case asks for them, both sides do; where it
// asks for the plain operators, RxJS does; else neither.
const emptied = (w) => (w.has('empties') || w.has('plain') ? map((v) => v) : filled);

one('map', (w) => w.a.pipe(map((v) => `${v}${v}`)));
one('scan', (w) => w.a.pipe(scan((s, v) => s + v, 'z')));
one('pairwise', (w) => w.a.pipe(pairwise(), map((p) => p.join(''))));
one('bufferCount', (w) => w.a.pipe(w.has('step') ? bufferCount(w.n('n'), w.n('step')) : bufferCount(w.n('n'))), [
  { n: 2 }, { n: 1 }, { n: 3, step: 2 }, { n: 2, step: 3 }, { n: 3, step: 1 }, { n: 9 },
], { count: 14, source: { most: 9 }, more: [[{ n: 0 }, 'a-b-c|']] });

const emptiesToo = [
  [{ d: 5 }, 'ab------c|'], [{ d: 5 }, '|'], [{ d: 5 }, '------------|'], [{ d: 5 }, '-a--b--#'], [{ d: 5 }, '-'],
];
one('bufferTime', (w) => w.a.pipe(bufferTime(w.d('d')), emptied(w)), [
  { d: 4 }, { d: 3 }, { d: 7 }, { d: 50 },
], { count: 18, source: { most: 9 }, only: ['---|', '#', '--#', '-', 'a|', '0:a 0:|', '-a#', 'ab-c-d-e-f|'], more: [[{ d: 4 }, 'ab---c--------d--|'], ...emptiesToo.map(([args, a]) => [{ ...args, empties: 1 }, a]), [{ d: 4, plain: 1 }, 'ab---c--------d--|'], [{ d: 4, plain: 1 }, '--|']] });
one('bufferTime.max', (w) => w.a.pipe(bufferTime(w.d('d'), null, w.n('n')), filled), [
  { d: 50, n: 2 }, { d: 50, n: 1 }, { d: 50, n: 3 },
], { count: 8, source: { most: 9 }, only: ['---|', '#', '-', 'a|', '-a#', 'ab-c-d-e-f|'], more: [[{ d: 4, n: 3 }, 'abc-d------ef-|'], [{ d: 4, n: 3 }, '--a----b----|'], [{ d: 5, n: 2 }, '-ab-c------d-|']] });

const bounded = (r) => ({ args: {}, sources: { a: anySource(r, { most: 8 }), b: anySource(r, { letters: 'x', ends: '|---#' }) } });
several('buffer', (w) => w.a.pipe(buffer(w.b), emptied(w)), [
  [{}, { a: 'a-b-c-d-e|', b: '---x---x' }],
  [{}, { a: 'a-b-c-d-e|', b: '---x|' }],
  [{}, { a: 'a-b-c-d-e|', b: '---#' }],
  [{}, { a: 'a-b-c-#', b: '---x----x' }],
  [{}, { a: '|', b: '---x' }],
  [{}, { a: 'a-b-', b: '---x----x|' }],
  [{ empties: 1 }, { a: 'a-b----c|', b: '-x-x-x' }],
  [{ empties: 1 }, { a: '----|', b: '-x' }],
  [{ plain: 1 }, { a: 'a-b----c|', b: '-x-x-x' }],
  [{ plain: 1 }, { a: '----|', b: '-x' }],
], bounded, 14);

const contents = (windows) => windows.pipe(mergeMap((items) => items.pipe(toArray())), filled);
const opened = (windows) => windows.pipe(mergeMap((items, i) => concat(of(`+${i}`), items.pipe(map((v) => i + v)), of(`-${i}`))));
const looked = (w, windows) => (w.has('open') ? opened(windows) : contents(windows));

one('windowCount', (w) => looked(w, w.a.pipe(w.has('step') ? windowCount(w.n('n'), w.n('step')) : windowCount(w.n('n')))), [
  { n: 2 }, { n: 1 }, { n: 2, step: 3 }, { n: 7 },
], { count: 10, source: { most: 9, shared: false }, only: apart, more: [[{ n: 2, open: 1 }, '-a-b-c-|'], [{ n: 2, open: 1 }, '-a-b-|'], [{ n: 2, open: 1 }, '--|']] });
one('windowTime', (w) => looked(w, w.a.pipe(windowTime(w.d('d')))), [
  { d: 4 }, { d: 3 }, { d: 7 }, { d: 50 },
], { count: 12, source: { most: 9, shared: false }, only: ['---|', '#', '--#', '-', 'a|', '-a#', 'ab-c-d-e-f|'], more: [[{ d: 4, open: 1 }, '--a---b------c|'], [{ d: 5, open: 1 }, '--|']] });
several('window', (w) => looked(w, w.a.pipe(window(w.b))), [
  [{}, { a: 'a-b-c-d-e|', b: '---x---x' }],
  [{}, { a: 'a-b-c-d-e|', b: '---x|' }],
  [{}, { a: 'a-b-c-d-e|', b: '---#' }],
  [{}, { a: '|', b: '---x' }],
  [{ open: 1 }, { a: '-a-b---c|', b: '--x-x' }],
], (r) => ({ args: {}, sources: { a: anySource(r, { most: 8, shared: false }), b: anySource(r, { letters: 'x', ends: '|---#', shared: false }) } }), 10);

const grouped = (groups) => groups.pipe(mergeMap((g) => g.pipe(map((v) => `${g.key}:${v}`))));
one('groupBy', (w) => grouped(w.a.pipe(groupBy(w.key))), [{ key: 'case' }, { key: 'vowel' }], { count: 8, source: { most: 9, shared: false }, only: apart });
one('groupBy.idle', (w) => {
  let opened = 0;
  return w.a.pipe(
    groupBy(w.key, { duration: (g) => g.pipe(debounceTime(w.d('idle'))) }),
    mergeMap((g) => { const n = opened++; return g.pipe(map((v) => `${n}:${v}`)); }),
  );
}, [{ key: 'case', idle: 3 }, { key: 'vowel', idle: 4 }], { count: 6, source: { most: 9, shared: false }, only: ['a-b-c|', 'a---a-----a--|', '-a#'] });
