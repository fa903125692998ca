import { auditTime, debounceTime, delay, delayWhen, map, throttleTime, timeInterval, timeout, timestamp } from 'rxjs';
import { anySource, one, pick, several } from '../cases.mjs';
import { column } from '../virtual.mjs';

const wide = { most: 8, gap: 4 };
const some = ['|', '---|', '#', '--#', '-', 'a|', '0:a 0:|', '-a#', 'a--------|', 'ab---------c---------d-|', '--b-----a-'];

one('debounceTime', (w) => w.a.pipe(debounceTime(w.d('d'))), [{ d: 3 }, { d: 1 }, { d: 5 }, { d: 0 }], {
  count: 18, source: wide, only: some, more: [[{ d: 3 }, 'ab-c----d-|'], [{ d: 3 }, 'ab-#'], [{ d: 3 }, 'a-bc---d----e-|']],
});
const throttle = (w) => w.a.pipe(throttleTime(w.d('d'), undefined, { leading: !w.has('trailing') || w.text('trailing') === 'too', trailing: w.has('trailing') }));
one('throttleTime', throttle, [{ d: 4 }, { d: 3 }, { d: 7 }], { count: 14, source: wide, only: some, more: [[{ d: 4 }, 'abc--d-e--|'], [{ d: 0 }, 'a-b|']] });
one('throttleTime.trailing', throttle, [{ d: 4, trailing: 'too' }, { d: 3, trailing: 'too' }, { d: 7, trailing: 'too' }], {
  count: 18, source: wide, only: some, more: [[{ d: 4, trailing: 'too' }, 'abc--d-e--|'], [{ d: 5, trailing: 'too' }, 'ab|'], [{ d: 5, trailing: 'too' }, 'ab#']],
});
one('throttleTime.trailingOnly', throttle, [{ d: 4, trailing: 'only' }, { d: 3, trailing: 'only' }, { d: 7, trailing: 'only' }], {
  count: 18, source: wide, only: some, more: [[{ d: 4, trailing: 'only' }, 'abc--d-e--|'], [{ d: 5, trailing: 'only' }, 'ab|'], [{ d: 5, trailing: 'only' }, 'a|']],
});
one('auditTime', (w) => w.a.pipe(auditTime(w.d('d'))), [{ d: 4 }, { d: 3 }, { d: 7 }], { count: 16, source: wide, only: some, more: [[{ d: 4 }, 'ab---c-d|'], [{ d: 0 }, 'a-b|']] });
one('delay', (w) => w.a.pipe(delay(w.d('d'))), [{ d: 3 }, { d: 0 }, { d: 1 }, { d: 9 }], { count: 12, source: wide, more: [[{ d: 3 }, 'a---b-#'], [{ d: -1 }, 'a-b|'], [{ d: 0 }, '1:a 3:b 3:#'], [{ d: 3 }, 'a---b---#']] });
several('delayWhen', (w) => w.a.pipe(delayWhen((v) => w.inner(v))), [
  [{}, { a: 'p-q|', p: '-----x', q: '-x' }], [{}, { a: 'p-q|', p: '-----|', q: '-x' }], [{}, { a: 'p-q|', p: '-----#', q: '-x' }], [{}, { a: 'p-q|', p: '-', q: '-x|' }],
  [{}, { a: '|', p: '-x' }], [{}, { a: 'p-#', p: '---x' }], [{}, { a: 'p-q-#', p: '-x', q: '---x' }], [{}, { a: 'p-q-', p: 'x', q: 'x--x' }], [{}, { a: '0:p 0:|', p: '0:x 0:|' }],
], (r) => ({
  args: {},
  sources: { a: anySource(r, { letters: 'pqr', most: 4, shared: false }), p: anySource(r, { letters: 'x', most: 1, first: 6 }), q: anySource(r, { letters: 'x', most: 2 }), r: anySource(r, { letters: 'x', most: 1, ends: '|' }) },
}), 10);
one('timeInterval', (w) => w.a.pipe(timeInterval(), map((t) => t.value + column(t.interval))), [{}], { source: { ...wide, shared: false }, only: some });
one('timestamp', (w) => w.a.pipe(timestamp(), map((t) => t.value + column(t.timestamp))), [{}], { source: wide, only: some });

const limits = [{ each: 4 }, { each: 3 }, { each: 9 }, { first: 3 }, { first: 2 }];
const limited = (w) => w.a.pipe(timeout({ ...(w.has('each') && { each: w.d('each') }), ...(w.has('first') && { first: w.d('first') }), ...(w.b && { with: () => w.b }) }));
one('timeout', limited, limits, { count: 14, source: wide, only: some, more: [[{ each: 4 }, 'a--b-----c|']] });
several('timeout.with', limited, [
  [{ each: 4 }, { a: 'a--b-----c|', b: '-x|' }], [{ each: 4 }, { a: '-', b: '-x#' }], [{ each: 4 }, { a: 'a-#', b: '-x#' }], [{ first: 4 }, { a: 'a--------b|', b: '-x|' }],
  [{ first: 4 }, { a: '-----b|', b: '-x|' }], [{ each: 4 }, { a: '-', b: '-----x-----y|' }],
], (r) => ({ args: pick(r, limits), sources: { a: anySource(r, wide), b: anySource(r, { letters: 'xyz' }) } }), 6);
