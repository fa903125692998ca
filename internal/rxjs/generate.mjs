// Writes testdata/cases.tsv: what RxJS makes of each case.
import { mkdirSync, writeFileSync } from 'node:fs';
import * as rxjs from 'rxjs';
import { operators, seeded } from './cases.mjs';
import { leftOut } from './left_out.mjs';
import { holds, run } from './virtual.mjs';
import './operators/creation.mjs';
import './operators/transforming.mjs';
import './operators/inner.mjs';
import './operators/filtering.mjs';
import './operators/combining.mjs';
import './operators/errors.mjs';
import './operators/time.mjs';
import './operators/hot.mjs';
import './operators/chains.mjs';

const fields = (o, between) => Object.entries(o).map(([k, v]) => `${k}=${v}`).join(between);

// interleaved are cases in which a timer of a later stage is due in the instant in
// which an earlier one emits an item and completes: in RxJS nothing comes between
// those two, so that shifting shows no tie.
const interleaved = new Set(['pipe/r314']);

const lines = [];
const ties = [];
const seen = new Set();
function add(id, operator, c, out, build) {
  const what = [operator, fields(c.args, ' '), fields(c.sources, '; ')].join('\t');
  if (seen.has(what)) return false;
  seen.add(what);
  if (interleaved.has(id)) return true;
  if (!/\/r/.test(id) || holds(build, c, seeded(what), out)) lines.push([id, what, out].join('\t'));
  return true; // it keeps its number, be it left out
}

for (const [name, { build, hand, random, count }] of operators) {
  const r = seeded(name);
  const jitter = seeded(`jitter of ${name}`);
  hand.forEach((c, i) => {
    const out = run(build, c, jitter);
    if (!out && !c.paired) ties.push(`${name}: ${JSON.stringify(c)} hinges on a tie`);
    if (out) add(`${name}/${i + 1}`, name, c, out, build);
  });
  for (let tries = 0, kept = 0; kept < count; tries++) {
    if (tries > 4000) throw new Error(`${name}: only ${kept} random cases without a tie`);
    const c = random(r);
    const out = run(build, c, jitter);
    if (out && add(`${name}/r${kept + 1}`, name, c, out, build)) kept++;
  }
}

// Every operator and every way to make a stream has cases, or a reason for none.
const based = new Set([...operators.keys()].map((name) => name.split('.')[0]));
for (const [name, exported] of Object.entries(rxjs)) {
  if (typeof exported !== 'function' || !/^[a-z]/.test(name)) continue; // no operator
  if (based.has(name) === name in leftOut) throw new Error(`${name}: it has ${based.has(name) ? '' : 'no '}cases, and ${name in leftOut ? 'a' : 'no'} reason`);
}

if (ties.length > 0) throw new Error(ties.join('\n'));
mkdirSync(new URL('testdata/', import.meta.url), { recursive: true });
writeFileSync(new URL('testdata/cases.tsv', import.meta.url), `id\toperator\targs\tsources\tout\n${lines.join('\n')}\n`);
const reasons = Object.entries(leftOut).map(([name, why]) => `${name}\t${why}`);
writeFileSync(new URL('testdata/left_out.tsv', import.meta.url), `name\twhy\n${reasons.join('\n')}\n`);
console.log(`${lines.length} cases of ${operators.size} operators`);
