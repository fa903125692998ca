import {
  combineLatest, combineLatestWith, concat, concatWith, endWith, forkJoin, map, merge, mergeWith, partition, race,
  raceWith, startWith, withLatestFrom, zip, zipWith,
} from 'rxjs';
import { anySource, one, several } from '../cases.mjs';

const join = (...v) => v.join('');
const pairs = [
  ['a-b-c|', '-1-2-3|'], ['a---b-----|', '--1--2|'], ['a--b-c---|', '-1------2-|'], ['a-b|', '-1---2---3|'], ['-a--b#', '--1---2|'], ['-a--b|', '--1---#'],
  ['|', '-1-2|'], ['-a-b|', '|'], ['|', '--|'], ['#', '-1|'], ['-a|', '#'], ['-', '-1-2|'], ['a-b|', '-'], ['-', '--#'], ['0:a 0:|', '-1-2|'], ['-a-b|', '0:1 0:|'], ['--a', '-1-2'],
  ['0:a 3:b 3:#', '-1---2|'], ['a--b-----|', '1:1 5:2 5:#'],
];
const ab = pairs.map(([a, b]) => [{}, { a, b }]);
const abc = [
  [{}, { a: 'a---b|', b: '-1---2|', c: '--x-------y|' }], [{}, { a: 'a---b|', b: '-1---2|', c: '--#' }], [{}, { a: 'a---b|', b: '-1---2|', c: '--|' }], [{}, { a: '|', b: '-|', c: '--|' }],
];
const racing = (r, letters, most = 6) => anySource(r, { letters, most, racing: true });
const two = (r) => ({ args: {}, sources: { a: racing(r, 'abc'), b: racing(r, '123') } });
const three = (r) => ({ args: {}, sources: { a: racing(r, 'abc', 4), b: racing(r, '123', 4), c: racing(r, 'xyz', 4) } });
const all = (w) => [w.a, w.b, w.c].filter(Boolean);

several('merge', (w) => merge(...all(w)), [...ab, ...abc], three, 10);
several('mergeWith', (w) => w.a.pipe(mergeWith(w.b)), ab.slice(0, 4), two, 3);
several('concat', (w) => concat(...all(w)), [...ab, ...abc], three, 10);
several('concatWith', (w) => w.a.pipe(concatWith(w.b)), ab.slice(0, 4), two, 3);
several('combineLatest', (w) => combineLatest([w.a, w.b], join), ab, two, 14);
several('combineLatestWith', (w) => w.a.pipe(combineLatestWith(w.b), map((v) => join(...v))), ab.slice(0, 4), two, 3);
several('withLatestFrom', (w) => w.a.pipe(withLatestFrom(w.b), map((v) => join(...v))), ab, two, 14);
several('zip', (w) => zip(w.a, w.b).pipe(map((v) => join(...v))), [...ab, [{}, { a: 'ab#', b: '----1-2|' }], [{}, { a: 'abc|', b: '----1-2-3-4|' }],
  [{}, { a: '-a|', b: '3:1 3:#' }], [{}, { a: '---a---b----|', b: '12#' }], [{}, { a: 'ab-#', b: '-' }]], two, 14);
several('zipWith', (w) => w.a.pipe(zipWith(w.b), map((v) => join(...v))), ab.slice(0, 4), two, 3);
several('forkJoin', (w) => forkJoin(all(w)).pipe(map((v) => join(...v))), [...ab, ...abc], three, 10);
several('race', (w) => race(...all(w)), [...ab, ...abc], three, 10);
several('raceWith', (w) => w.a.pipe(raceWith(w.b)), ab.slice(0, 4), two, 3);
one('startWith', (w) => w.a.pipe(startWith(...w.text('items'))), [{ items: 'xy' }], { count: 3 });
one('endWith', (w) => w.a.pipe(endWith(...w.text('items'))), [{ items: 'xy' }], { count: 3 });
one('partition', (w) => concat(...partition(w.a, w.pred)), [{ p: 'vowel' }, { p: 'all' }, { p: 'none' }], { count: 3 });
