import { AsyncSubject, BehaviorSubject, connectable, defer, ReplaySubject, share, shareReplay, Subject, timer } from 'rxjs';
import { anySource, pick, several } from '../cases.mjs';

// runs is a stream whose n-th run is the source rn, or the last one there is, as
// in errors.mjs; here a subscriber of the shared stream may start one.
function runs(w) {
  let n = 0;
  return defer(() => {
    if (`r${n + 1}` in w.spec.sources) n++;
    return w[`r${n}`];
  });
}

// fed is a subject that the source a is told to, whoever listens.
function fed(w, subject) {
  const feeding = w.a.subscribe(subject);
  w.close = () => feeding.unsubscribe();
  return subject;
}

const late = [
  [{ subs: '0,3' }, { a: '-a-b--c--|' }], [{ subs: '0,3' }, { a: '-a-b--c--#' }], [{ subs: '0,20' }, { a: '-a-b|' }], [{ subs: '0,20' }, { a: '-a-b#' }], [{ subs: '0,20' }, { a: '-|' }],
  [{ subs: '0,4,7' }, { a: '-a---b--c-----d|' }], [{ subs: '0,4', take: '2,' }, { a: '-a-b-c-d|' }], [{ subs: '5,5' }, { a: '-a-b--c-' }],
].map(([args, sources]) => [args, { a: args.subs === '0,3' ? sources.a.replace('-a-b', '-a--b') : sources.a }]);
const anyFed = (r, args = {}) => ({ args: { ...args, subs: pick(r, ['0,4', '0,7', '2,5,11', '0,20']) }, sources: { a: anySource(r, { most: 7, first: 4, from: 1 }) } });

several('Subject', (w) => fed(w, new Subject()), late, anyFed);
several('BehaviorSubject', (w) => fed(w, new BehaviorSubject('z')), late, anyFed);
several('ReplaySubject', (w) => fed(w, new ReplaySubject(w.n('n'))), late.map(([args, s]) => [{ n: 2, ...args }, s]), (r) => anyFed(r, { n: pick(r, [1, 2, 5]) }));
several('ReplaySubject.ttl', (w) => fed(w, new ReplaySubject(w.n('n'), w.d('ttl'))), [
  [{ n: 9, ttl: 5, subs: '0,9' }, { a: '-a-b-c-d--e|' }], [{ n: 2, ttl: 5, subs: '0,9' }, { a: '-a-b-c-d--e|' }], [{ n: 9, ttl: 5, subs: '0,20' }, { a: '-a-b|' }], [{ n: 9, ttl: 5, subs: '0,8' }, { a: '-a--b-c#' }],
], (r) => anyFed(r, { n: pick(r, [2, 9]), ttl: pick(r, [3, 5, 9]) }));
several('AsyncSubject', (w) => fed(w, new AsyncSubject()), late, anyFed);

const shared = [
  [{ subs: '0,4' }, { r1: '-a-b--c--|' }],
  [{ subs: '0,4' }, { r1: '-a-b--c--#' }],
  [{ subs: '0,9' }, { r1: '-a-b|', r2: '--c--d|' }],
  [{ subs: '0,9' }, { r1: '-a-b#', r2: '--c--d|' }],
  [{ subs: '0,9', take: '2,' }, { r1: '-a-b-c-d-e-f-g|', r2: '--c--d|' }],
  [{ subs: '0,2', take: '2,' }, { r1: '-a-b-c-d|' }],
  [{ subs: '0,2,8', take: '2,2,2' }, { r1: '-a-b-c-d', r2: 'x-y-z|' }],
  [{ subs: '0,4' }, { r1: '|', r2: '-a|' }],
];
// A subscriber leaves on a goroutine of its own: what follows in the same instant
// may have ended the source by then.
const anyShared = (r, args = {}) => ({
  args: { ...args, subs: pick(r, ['0,4', '0,7', '1,5,11', '0,16']), take: pick(r, [',,', '2,,', '1,1,']) },
  sources: {
    r1: anySource(r, { most: 6, shared: false }), r2: anySource(r, { letters: 'xyz', most: 6, shared: false }), r3: anySource(r, { letters: '123', most: 6, shared: false }),
  },
});
several('share', (w) => runs(w).pipe(share()), shared, anyShared, 12);
several('share.keep', (w) => runs(w).pipe(share({ resetOnComplete: false, resetOnError: false })), shared, anyShared, 8);
several('share.grace', (w) => runs(w).pipe(share({ resetOnRefCountZero: () => timer(w.d('grace')) })), [
  [{ grace: 6, subs: '0,4', take: '1,' }, { r1: '-a-b-c-d|', r2: '--x|' }], [{ grace: 2, subs: '0,6', take: '1,' }, { r1: '-a-b-c-d|', r2: '--x|' }],
]);
several('shareReplay.refCount', (w) => runs(w).pipe(shareReplay({ bufferSize: w.n('n'), refCount: true })), shared.map(([args, s]) => [{ n: 2, ...args }, s]),
  (r) => anyShared(r, { n: pick(r, [1, 2, 5]) }), 10);
several('shareReplay', (w) => runs(w).pipe(shareReplay(w.n('n'))), [
  [{ n: 2, subs: '0,4' }, { r1: '-a-b--c--|' }], [{ n: 2, subs: '0,20' }, { r1: '-a-b-c|' }], [{ n: 2, subs: '0,20' }, { r1: '-a-b#', r2: '-c|' }],
  [{ n: 1, subs: '0,8', take: '1,' }, { r1: '-a-b-c-d-e-f|', r2: '-x|' }],
]);
several('connectable', (w) => {
  const stream = connectable(w.a, { connector: () => new Subject(), resetOnDisconnect: true });
  w.scheduler.schedule(() => { const c = stream.connect(); w.close = () => c.unsubscribe(); }, w.d('connect'));
  return stream;
}, [
  [{ connect: 2, subs: '0,6' }, { a: '-a-b--c|' }], [{ connect: 2, subs: '0,9' }, { a: '-a-b--c---#' }], [{ connect: 2, subs: '0,1' }, { a: '0:a 0:|' }], [{ connect: 2, subs: '0,1' }, { a: '-a-b-' }],
  [{ connect: 2, subs: '0,4', take: '1,1' }, { a: '-a-b-c-d|' }],
], (r) => ({ args: { connect: 2, subs: pick(r, ['0,1', '0,6', '1,8']) }, sources: { a: anySource(r) } }), 6);
