import {
  count, defaultIfEmpty, distinct, distinctUntilChanged, distinctUntilKeyChanged, elementAt, every, filter, find,
  findIndex, first, ignoreElements, isEmpty, last, map, max, min, reduce, sample, sampleTime, sequenceEqual, single,
  skip, skipLast, skipUntil, skipWhile, take, takeLast, takeUntil, takeWhile, throwIfEmpty, toArray,
} from 'rxjs';
import { anySource, one, several } from '../cases.mjs';
import { marble } from '../virtual.mjs';

const preds = [{ p: 'vowel' }, { p: 'all' }, { p: 'none' }, { p: 'lt:c' }, { p: 'is:b' }];
const counts = [{ n: 2 }, { n: 0 }, { n: 1 }, { n: 5 }, { n: 100 }];
const negative = [[{ n: -1 }, 'a-b-c|']];
const maybe = (w) => (w.has('p') ? w.pred : undefined);

one('filter', (w) => w.a.pipe(filter(w.pred)), preds);
one('distinct', (w) => w.a.pipe(distinct(w.key)), [{ key: 'self' }, { key: 'case' }, { key: 'vowel' }]);
one('distinctUntilChanged', (w) => w.a.pipe(distinctUntilChanged(undefined, w.key)), [{ key: 'self' }, { key: 'case' }, { key: 'vowel' }]);
one('distinctUntilKeyChanged', (w) => w.a.pipe(map((v) => ({ v, low: v.toLowerCase() })), distinctUntilKeyChanged('low'), map((o) => o.v)), [{}], { count: 3 });
one('elementAt', (w) => w.a.pipe(elementAt(w.n('n'))), [{ n: 1 }, { n: 0 }, { n: 5 }], { more: negative });
one('find', (w) => w.a.pipe(find(w.pred)), preds);
one('findIndex', (w) => w.a.pipe(findIndex(w.pred)), preds);
one('first', (w) => w.a.pipe(first(maybe(w))), [{}, ...preds]);
one('first.default', (w) => w.a.pipe(first(maybe(w), 'z')), [{}, ...preds], { count: 3 });
one('last', (w) => w.a.pipe(last(maybe(w))), [{}, ...preds]);
one('last.default', (w) => w.a.pipe(last(maybe(w), 'z')), [{}, ...preds], { count: 3 });
one('single', (w) => w.a.pipe(single(maybe(w))), [{}, ...preds]);
one('ignoreElements', (w) => w.a.pipe(ignoreElements()), [{}], { count: 2 });
one('take', (w) => w.a.pipe(take(w.n('n'))), counts, { more: negative });
one('takeLast', (w) => w.a.pipe(takeLast(w.n('n'))), counts, { more: negative });
one('skip', (w) => w.a.pipe(skip(w.n('n'))), counts, { more: negative });
one('skipLast', (w) => w.a.pipe(skipLast(w.n('n'))), counts, { more: negative });
one('takeWhile', (w) => w.a.pipe(takeWhile(w.pred, w.has('inclusive'))), [...preds, { p: 'vowel', inclusive: 1 }, { p: 'lt:c', inclusive: 1 }, { p: 'none', inclusive: 1 }], { count: 6 });
one('skipWhile', (w) => w.a.pipe(skipWhile(w.pred)), preds);

one('count', (w) => w.a.pipe(count(maybe(w))), [{}, { p: 'vowel' }]);
one('reduce', (w) => w.a.pipe(reduce((s, v) => s + v, 'z')));
const compare = (x, y) => x.toLowerCase().charCodeAt(0) - y.toLowerCase().charCodeAt(0);
const unequal = { letters: 'abcdefgh', most: 3 };
one('min', (w) => w.a.pipe(min(compare)), [{}], { source: unequal, more: [[{}, 'b-a-A|'], [{}, 'A-b-a|']] });
one('max', (w) => w.a.pipe(max(compare)), [{}], { source: unequal, more: [[{}, 'a-b-B|'], [{}, 'B-a-b|']] });
one('toArray', (w) => w.a.pipe(toArray()));
one('every', (w) => w.a.pipe(every(w.pred)), preds);
one('isEmpty', (w) => w.a.pipe(isEmpty()));
one('defaultIfEmpty', (w) => w.a.pipe(defaultIfEmpty('z')));
one('throwIfEmpty', (w) => w.a.pipe(w.has('own') ? throwIfEmpty(() => marble) : throwIfEmpty()), [{}, { own: 1 }]);

const notified = (r) => ({ args: {}, sources: { a: anySource(r, { most: 8 }), b: anySource(r, { letters: 'x', first: 9, most: 2, ends: '|--#' }) } });
const notifiers = ['-----x', '-----|', '-----#', '|', '-', '-x|', '----------x|'].flatMap((b) => [[{}, { a: 'a-b-c-d-e|', b }], [{}, { a: '--a-b-#', b }]]);
const ended = [[{}, { a: '|', b: '---x' }], [{}, { a: '#', b: '---x' }], [{}, { a: '-', b: '---x' }], [{}, { a: '-', b: '---#' }], [{}, { a: '0:a 0:|', b: '---x' }]];
several('takeUntil', (w) => w.a.pipe(takeUntil(w.b)), [...notifiers, ...ended], notified, 10);
several('skipUntil', (w) => w.a.pipe(skipUntil(w.b)), [...notifiers, ...ended], notified, 10);
several('sample', (w) => w.a.pipe(sample(w.b)), [[{}, { a: 'a-bc---d-e|', b: '-x--x-x--|' }], ...notifiers, ...ended], notified, 10);
one('sampleTime', (w) => w.a.pipe(sampleTime(w.d('d'))), [{ d: 5 }, { d: 3 }, { d: 7 }], { count: 10, source: { most: 9 }, only: ['|', '---|', '#', '-', 'a|', '-a#', 'ab-c-d-e-f|'] });

several('sequenceEqual', (w) => w.a.pipe(sequenceEqual(w.b)), [
  [{}, { a: 'a-b-c|', b: '-a-b-c|' }], [{}, { a: 'a-b-c|', b: '-a-c-c|' }], [{}, { a: 'a-b-c|', b: '-a-b--|' }], [{}, { a: 'a-b|', b: '-a-b-c|' }], [{}, { a: '|', b: '--|' }],
  [{}, { a: '|', b: '--a' }], [{}, { a: '--a', b: '|' }], [{}, { a: 'a-b-#', b: '-a-b---|' }], [{}, { a: 'a-b-', b: '-a-b---|' }], [{}, { a: 'a-b-', b: '-a-b-----c' }], [{}, { a: '#', b: '-' }],
  [{}, { a: 'ab#', b: '-----ab|' }],
  [{}, { a: 'a---a|', b: '---|' }], [{}, { a: '---|', b: 'a---|' }], [{}, { a: '-a---#', b: '--|' }],
  [{}, { a: '0:b 3:b 3:#', b: 'b-a|' }],
], (r) => {
  const a = anySource(r, { letters: 'ab', most: 3, ends: '|||#', racing: true });
  return { args: {}, sources: { a, b: r() < 0.5 ? `-${a}`.replace(/^-(\d+:.*)$/, '$1') : anySource(r, { letters: 'ab', most: 3, ends: '|||#', racing: true }) } };
}, 10);
