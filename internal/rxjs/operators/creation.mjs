import { concat, defer, EMPTY, from, generate, iif, interval, map, NEVER, of, range, throwError, timer, using } from 'rxjs';
import { several } from '../cases.mjs';
import { marble } from '../virtual.mjs';

const letters = (w) => [...(w.text('items') ?? '')];

several('of', (w) => of(...letters(w)), [[{}, {}], [{ items: 'a' }, {}], [{ items: 'abc' }, {}]]);
several('from', (w) => from(letters(w)), [[{}, {}], [{ items: 'a' }, {}], [{ items: 'abca' }, {}]]);
several('range', (w) => range(w.n('start'), w.n('count')), [
  [{ start: 0, count: 3 }, {}], [{ start: -2, count: 4 }, {}], [{ start: 5, count: 1 }, {}], [{ start: 5, count: 0 }, {}], [{ start: 1, count: -1 }, {}],
]);
several('interval', (w) => interval(w.d('d')), [[{ d: 1 }, {}], [{ d: 7 }, {}], [{ d: 50 }, {}]]);
several('timer', (w) => (w.has('period') ? timer(w.d('d'), w.d('period')) : timer(w.d('d'))), [
  [{ d: 0 }, {}], [{ d: 3 }, {}], [{ d: -1 }, {}], [{ d: 50 }, {}], [{ d: 3, period: 10 }, {}], [{ d: 0, period: 9 }, {}], [{ d: 12, period: 3 }, {}],
]);
several('EMPTY', () => EMPTY, [[{}, {}]]);
several('NEVER', () => NEVER, [[{}, {}]]);
several('throwError', () => throwError(() => marble), [[{}, {}]]);
several('defer', (w) => {
  let n = 0;
  const counted = defer(() => { n++; return w.has('fails') ? throwError(() => marble) : w.a.pipe(map((v) => v + n)); });
  return concat(counted, counted);
}, [[{}, { a: 'a-b|' }], [{}, { a: '|' }], [{}, { a: '-a#' }], [{ fails: 1 }, {}]]);
several('using', (w) => {
  let log = '';
  const used = using(() => { log += '+'; return { unsubscribe: () => { log += 'x'; } }; }, () => w.a);
  return concat(used, defer(() => of(`log ${log}`)));
}, [[{}, { a: 'a-b|' }], [{}, { a: '|' }], [{}, { a: '-a#' }], [{}, { a: '0:a 0:|' }]]);
several('iif', (w) => iif(() => w.has('yes'), w.a, w.b), [
  [{ yes: 1 }, { a: 'a-b|', b: '-c#' }], [{}, { a: 'a-b|', b: '-c#' }], [{}, { a: '#', b: '|' }],
]);
several('generate', (w) => generate({ initialState: w.n('from'), condition: (i) => i < w.n('to'), iterate: (i) => i * 2 }), [
  [{ from: 1, to: 20 }, {}], [{ from: 3, to: 3 }, {}], [{ from: 9, to: 10 }, {}],
]);
