// Random chains of operators: what each does alone it must also do in company.
import {
  auditTime, bufferCount, catchError, concatMap, concatWith, debounceTime, defaultIfEmpty, delay, dematerialize,
  distinct, distinctUntilChanged, endWith, exhaustMap, filter, ignoreElements, map, materialize, mergeMap, mergeWith,
  of, pairwise, reduce, repeat, retry, sampleTime, scan, skip, skipLast, skipUntil, skipWhile, startWith, switchMap,
  take, takeLast, takeUntil, takeWhile, throttleTime, timeout, withLatestFrom,
} from 'rxjs';
import { anySource, operators, pick } from '../cases.mjs';

const vowel = (v) => 'aeiou'.includes(v[0].toLowerCase());
const inner = (w) => (v) => w.i.pipe(map((i) => v + i));

// links has what makes an operator of a world and a number.
const links = {
  map: () => map((v) => `${v}${v[0]}`),
  filter: () => filter(vowel),
  scan: () => scan((s, v) => s + v[0], 'z'),
  reduce: () => reduce((s, v) => s + v[0], 'z'),
  ignoreElements: () => ignoreElements(),
  take: (w, n) => take(n),
  takeLast: (w, n) => takeLast(n),
  takeWhile: () => takeWhile(vowel),
  skip: (w, n) => skip(n),
  skipLast: (w, n) => skipLast(n),
  skipWhile: () => skipWhile(vowel),
  distinct: () => distinct((v) => v[0]),
  distinctUntilChanged: () => distinctUntilChanged(undefined, (v) => v[0]),
  pairwise: () => (o) => o.pipe(pairwise(), map((p) => p.join(''))),
  bufferCount: (w, n) => (o) => o.pipe(bufferCount(n), map((v) => v.join(''))),
  startWith: () => startWith('s'),
  endWith: () => endWith('t'),
  defaultIfEmpty: () => defaultIfEmpty('d'),
  materialize: () => (o) => o.pipe(materialize(), dematerialize()),
  catchError: () => catchError(() => of('x')),
  retry: (w, n) => retry(n),
  repeat: (w, n) => repeat(n),
  concatWith: (w) => concatWith(w.b),
  mergeWith: (w) => mergeWith(w.b),
  takeUntil: (w) => takeUntil(w.b),
  skipUntil: (w) => skipUntil(w.b),
  withLatestFrom: (w) => (o) => o.pipe(withLatestFrom(w.b), map((v) => v.join(''))),
  concatMap: (w) => concatMap(inner(w)),
  mergeMap: (w) => mergeMap(inner(w)),
  switchMap: (w) => switchMap(inner(w)),
  exhaustMap: (w) => exhaustMap(inner(w)),
  debounceTime: (w, n) => debounceTime(n + w.jitter() / 4),
  throttleTime: (w, n) => throttleTime(n + w.jitter() / 4),
  auditTime: (w, n) => auditTime(n + w.jitter() / 4),
  sampleTime: (w, n) => sampleTime(n + w.jitter() / 4),
  delay: (w, n) => delay(n + w.jitter() / 4),
  timeout: (w, n) => timeout({ each: n + w.jitter() / 4 }),
};

operators.set('pipe', {
  build: (w) => w.text('ops').split('.').reduce((o, link) => {
    const [, name, n] = /^(\D+)(\d*)$/.exec(link);
    return o.pipe(links[name](w, Number(n)));
  }, w.a),
  hand: [],
  count: 600,
  random: (r) => {
    const names = Object.keys(links);
    const chain = Array.from({ length: 2 + Math.floor(r() * 3) }, () => pick(r, names));
    const ops = chain.map((name) => (links[name].length > 1 ? `${name}${1 + Math.floor(r() * 5)}` : name)).join('.');
    const sources = { a: anySource(r, { most: 7, racing: true }) };
    if (/With\b|Until\b|LatestFrom/.test(ops)) sources.b = anySource(r, { letters: 'uvw', most: 4, racing: true });
    if (/(concat|merge|switch|exhaust)Map/.test(ops)) sources.i = anySource(r, { letters: 'xyz', most: 3, ends: '||||#', racing: true });
    return { args: { ops }, sources };
  },
});
