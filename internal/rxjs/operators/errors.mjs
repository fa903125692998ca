import {
  catchError, concat, defer, dematerialize, EMPTY, finalize, map, materialize, of, onErrorResumeNext,
  onErrorResumeNextWith, repeat, retry, take, tap, throwError, timer,
} from 'rxjs';
import { anySource, one, pick, several } from '../cases.mjs';
import { marble } from '../virtual.mjs';

const followed = [
  ['a-b-#', '-x-y|'], ['a-b|', '-x|'], ['#', '|'], ['#', '#'], ['-a#', '-x-#'], ['-', 'x|'], ['a-#', '-'], ['0:a 0:#', '0:x 0:|'], ['|', 'x|'],
].map(([a, b]) => [{}, { a, b }]);
const two = (r) => ({ args: {}, sources: { a: anySource(r, { ends: '|###-' }), b: anySource(r, { letters: 'xyz' }) } });
const three = (r) => ({ args: {}, sources: { ...two(r).sources, c: anySource(r, { letters: '123' }) } });

several('catchError', (w) => w.a.pipe(catchError(() => w.b)), followed, two);
one('catchError.of', (w) => w.a.pipe(catchError(() => of('z'))), [{}], { count: 3 });
one('catchError.EMPTY', (w) => w.a.pipe(catchError(() => EMPTY)), [{}], { count: 3 });
several('onErrorResumeNext', (w) => onErrorResumeNext([w.a, w.b, w.c].filter(Boolean)), followed, three);
several('onErrorResumeNextWith', (w) => w.a.pipe(onErrorResumeNextWith(w.b)), followed.slice(0, 4), two, 3);

// runs is a stream whose n-th run is the source rn, or the last one there is.
function runs(w) {
  let n = 0;
  return defer(() => {
    if (`r${n + 1}` in w.spec.sources) n++;
    return w[`r${n}`];
  });
}
const anyRuns = (r, args, ends) => {
  const sources = {};
  for (const name of ['r1', 'r2', 'r3', 'r4']) sources[name] = anySource(r, { most: 2, ends: ends.slice(0, -1), first: 2 });
  sources.r4 = anySource(r, { most: 2, ends: ends.slice(-1), first: 2 });
  return { args, sources };
};
const settings = [{ n: 1 }, { n: 0 }, { n: 2 }, { n: 3 }, { n: 2, delay: 3 }, { n: 1, reset: 1 }, { n: 2, reset: 1 }, { n: 2, grow: 2 }, { n: 1, grow: 2, reset: 1 }];
several('retry', (w) => runs(w).pipe(retry({
  count: w.n('n'),
  resetOnSuccess: w.has('reset'),
  ...(w.has('delay') && { delay: w.d('delay') }),
  ...(w.has('grow') && { delay: (err, n) => timer(n * w.d('grow')) }),
})), [
  [{ n: 1, reset: 1 }, { r1: '-a#', r2: '-b#', r3: '#' }],
  [{ n: 1, delay: 3 }, { r1: '-a#', r2: '-b|' }],
  [{ n: 0 }, { r1: '-a#', r2: '-b|' }],
  [{ n: 3 }, { r1: '|' }],
  [{ n: 3 }, { r1: '-#' }],
  [{ n: 3 }, { r1: '-a-#', r2: '-b#', r3: '-c|' }],
  [{ n: 2 }, { r1: '-a-#', r2: '-b#', r3: '-c#', r4: '-d|' }],
  [{ n: 100 }, { r1: '-a#', r2: '#', r3: '-', r4: '-' }],
  [{ n: 3, grow: 2 }, { r1: '-a#' }],
  [{ n: 2, grow: 2, reset: 1 }, { r1: '-a#', r2: '-b#', r3: '-c#', r4: '-#' }],
  [{ n: -1 }, { r1: '-a#', r2: '-b|' }],
], (r) => anyRuns(r, pick(r, settings), '###||'), 16);
several('repeat', (w) => runs(w).pipe(repeat({ count: w.n('n'), ...(w.has('delay') && { delay: w.d('delay') }) })), [
  [{ n: 2 }, { r1: '-a|', r2: '-b|' }],
  [{ n: 1 }, { r1: '-a|', r2: '-b|' }],
  [{ n: 0 }, { r1: '-a|', r2: '-b|' }],
  [{ n: 3 }, { r1: '-a#', r2: '-b|' }],
  [{ n: 3 }, { r1: '-a|', r2: '-b#' }],
  [{ n: 3 }, { r1: '|' }],
  [{ n: 3, delay: 4 }, { r1: '-a|', r2: '-b|', r3: '-c|' }],
  [{ n: 3, delay: 4 }, { r1: '|' }],
  [{ n: 3 }, { r1: 'a|', r2: '-' }],
  [{ n: -1 }, { r1: '-a|', r2: '-b|', r3: '-' }],
], (r) => anyRuns(r, pick(r, [{ n: 2 }, { n: 3 }, { n: 4 }, { n: 3, delay: 2 }]), '||||#'), 8);

// What was called, as a last item.
const told = (stream, log) => concat(stream, defer(() => of(log()))).pipe(catchError(() => concat(defer(() => of(log())), throwError(() => marble))));
one('tap', (w) => {
  let log = '';
  const note = (c) => () => { log += c; };
  const tapped = w.a.pipe(tap({ subscribe: note('s'), next: note('n'), error: note('e'), complete: note('c'), unsubscribe: note('u') }));
  return told(tapped, () => log);
}, [{}], { count: 3 });
one('tap.unsubscribe', (w) => {
  let log = '';
  const note = (c) => () => { log += c; };
  const tapped = w.a.pipe(tap({ subscribe: note('s'), next: note('n'), error: note('e'), complete: note('c'), unsubscribe: note('u') }));
  return told(tapped.pipe(take(w.n('n'))), () => log);
}, [{ n: 2 }, { n: 1 }], { count: 3 });
one('finalize', (w) => {
  let log = '';
  const note = (c) => () => { log += c; };
  const ends = w.a.pipe(finalize(note('f')));
  return told(w.has('n') ? ends.pipe(take(w.n('n'))) : ends, () => `log ${log}`);
}, [{}, { n: 1 }], { count: 3 });
several('finalize.order', (w) => {
  let log = '';
  const note = (c) => () => { log += c; };
  return told(w.a.pipe(finalize(note('f')), tap({ complete: note('c'), error: note('e') })), () => `log ${log}`);
}, [[{}, { a: 'a-b|' }], [{}, { a: 'a-#' }], [{}, { a: '|' }]]);
several('finalize.nested', (w) => {
  let log = '';
  const note = (c) => () => { log += c; };
  return told(w.a.pipe(finalize(note('1')), finalize(note('2')), finalize(note('3'))), () => `log ${log}`);
}, [[{}, { a: 'a-b|' }], [{}, { a: 'a-#' }], [{}, { a: '|' }]]);
one('materialize', (w) => w.a.pipe(materialize(), map((n) => n.kind + (n.value ?? ''))));
one('dematerialize', (w) => w.a.pipe(map((v) => ({ C: { kind: 'C' }, E: { kind: 'E', error: marble } }[v] ?? { kind: 'N', value: v })), dematerialize()), [{}], {
  source: { letters: 'aabbcCE' }, more: [[{}, 'a-b-C-d|'], [{}, 'a-E-d|'], [{}, 'C'], [{}, '-a-C#']],
});
