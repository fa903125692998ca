import {
  combineLatestAll, concatAll, concatMap, EMPTY, exhaustAll, exhaustMap, expand, map, mergeAll, mergeMap, of,
  switchAll, switchMap, zipAll,
} from 'rxjs';
import { anySource, edges, one, pick, several } from '../cases.mjs';

const limit = (w) => (w.has('n') ? w.n('n') : Infinity);
const inner = (w) => (v) => w.inner(v).pipe(map((i) => v + i));

const hand = [
  [{}, { a: 'a---b-------|', i: '-x-y-z|' }],
  [{}, { a: 'a--b---c|', i: '-x-y|' }],
  [{}, { a: 'a-b----|', i: '-x-y|' }],
  [{}, { a: '|', i: '-x|' }],
  [{}, { a: '#', i: '-x|' }],
  [{}, { a: '-', i: '-x|' }],
  [{}, { a: 'a---b--|', i: '|' }],
  [{}, { a: 'a---b--|', i: '--#' }],
  [{}, { a: 'a---b--|', i: '-' }],
  [{}, { a: '0:a 0:|', i: '-x-y|' }],
  [{}, { a: 'a---b|', i: '0:x 0:|' }],
  [{}, { a: 'p-q--r|', p: '-x---y|', q: '-z|', r: '--w|' }],
  [{}, { a: 'p-q--r|', p: '-x----y|', q: '-z-#', r: '--w|' }],
  [{}, { a: 'p---q---#', p: '-x|', q: '-z|' }],
];
// Merged inner streams must not meet.
const merging = hand.map(([args, s]) => [args, { ...s, a: s.a.replace('a---b-------|', 'a----b-------|').replace('a-b----|', 'a--b---|') }]);
const failing = [[{}, { a: 'a-#', i: '-x-y-z|' }], [{}, { a: 'ab-#', i: '--x----y|' }]];
const anyInner = (r, args = {}) => {
  const sources = { a: anySource(r, { letters: 'pqr', most: 4, ends: '||||#', shared: false }) };
  for (const name of 'pqr') sources[name] = anySource(r, { letters: 'xyz', most: 3, ends: '||||#-', racing: true });
  return { args, sources };
};
const calm = (r, args = {}) => {
  const c = anyInner(r, args);
  c.sources.a = anySource(r, { letters: 'pqr', most: 4, ends: '|', shared: false });
  return c;
};

const together = [
  [{}, { a: '0:a 4:b 4:#', i: '-x|' }], [{}, { a: 'a----b|', i: '1:x 3:y 3:#' }],
];
const limited = [
  [{ n: 1 }, { a: 'a-b----|', i: '-x-y|' }], [{ n: 2 }, { a: 'a-b-c-d|', i: '---x--y|' }], [{ n: 2 }, { a: 'abc|', i: '-----x|' }], [{ n: 2 }, { a: 'abc--#', i: '----x----y|' }],
];
several('mergeMap', (w) => w.a.pipe(mergeMap(inner(w), limit(w))), [...merging, ...failing, ...limited, ...together],
  (r) => pick(r, [anyInner, calm])(r, pick(r, [{}, {}, { n: 1 }, { n: 2 }])), 16);
several('mergeAll', (w) => w.a.pipe(map((v) => w.inner(v)), mergeAll(limit(w))), [...merging, ...limited, ...together], (r) => calm(r, pick(r, [{}, { n: 1 }, { n: 2 }])));
several('concatMap', (w) => w.a.pipe(concatMap(inner(w))), [...hand, ...failing, ...together], calm, 10);
several('concatAll', (w) => w.a.pipe(map((v) => w.inner(v)), concatAll()), [...hand, ...failing, ...together], calm, 6);
// Here an unsubscribed source is gone at once; ours may take a while to return.
const slow = [[{ unwinds: 2 }, { a: 'p--q-----|', p: '-x', q: '-y|' }]];
several('switchMap', (w) => w.a.pipe(switchMap(inner(w))), [...hand, ...failing, ...together, ...slow], anyInner, 16);
several('switchAll', (w) => w.a.pipe(map((v) => w.inner(v)), switchAll()), [...hand, ...failing, ...together], anyInner, 6);
several('exhaustMap', (w) => w.a.pipe(exhaustMap(inner(w))), [...hand, ...failing, ...together], anyInner, 16);
several('exhaustAll', (w) => w.a.pipe(map((v) => w.inner(v)), exhaustAll()), [...hand, ...failing, ...together], anyInner, 6);
several('expand', (w) => w.a.pipe(expand((v) => (v.length < 3 ? w.inner(v).pipe(map((i) => v + i)) : EMPTY), limit(w))), [
  [{}, { a: 'a|', i: '--x|' }], [{}, { a: '|', i: '-x|' }], [{}, { a: 'a-#', i: '---x|' }], [{}, { a: '#', i: '---x|' }],
  [{}, { a: 'a-b|', i: '---x|' }], [{}, { a: 'a|', i: '-#' }], [{}, { a: 'a|', i: '|' }], [{ n: 1 }, { a: 'a-b|', i: '---x|' }], [{ n: 1 }, { a: 'a|', i: '--x---y|' }],
], (r) => ({ args: pick(r, [{}, {}, { n: 1 }, { n: 2 }]), sources: { a: anySource(r, { most: 2, ends: '|' }), i: anySource(r, { letters: 'xy', most: 2, ends: '|||#', racing: true }) } }), 8);

// inner streams that end at once
const apart = { source: { shared: false }, only: edges.filter((e) => !e.startsWith('0:')) };
const pair = (v) => of(v, `${v}${v}`);
one('mergeMap.of', (w) => w.a.pipe(mergeMap(pair)), [{}], apart);
one('concatMap.of', (w) => w.a.pipe(concatMap(pair)), [{}], apart);
one('switchMap.of', (w) => w.a.pipe(switchMap(pair)), [{}], apart);
one('exhaustMap.of', (w) => w.a.pipe(exhaustMap(pair)), [{}], apart);

// all of them are known before any is subscribed
const allKnown = [
  [{}, { a: 'pq|', p: '-a--b|', q: '--x---y|' }], [{}, { a: '|', p: '|' }], [{}, { a: 'p|', p: '-a-b|' }], [{}, { a: 'pqr|', p: '-a--b-----|', q: '--x---y|', r: '-----k---l|' }],
  [{}, { a: 'p-#', p: '-a-b|' }], [{}, { a: 'pq-|', p: '-a-#', q: '--x---y|' }], [{}, { a: 'pq|', p: '-a-b|', q: '-----|' }], [{}, { a: 'pq', p: '-a-b|', q: '-----|' }],
];
const anyKnown = (r) => ({
  args: {},
  sources: {
    a: pick(r, ['pq|', 'pqr|', 'qp-|']),
    p: anySource(r, { letters: 'abc', most: 4, first: 2, racing: true }), q: anySource(r, { letters: 'xyz', most: 4, first: 2, racing: true }), r: anySource(r, { letters: 'klm', most: 4, first: 2, racing: true }),
  },
});
several('combineLatestAll', (w) => w.a.pipe(map((v) => w.inner(v)), combineLatestAll((...v) => v.join(''))), allKnown, anyKnown, 8);
several('zipAll', (w) => w.a.pipe(map((v) => w.inner(v)), zipAll((...v) => v.join(''))), allKnown, anyKnown, 8);
