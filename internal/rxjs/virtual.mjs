// Runs one case on RxJS's virtual time and tells what came out.
import { Observable, take } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';

// horizon is the column in which a stream that has not ended is cancelled.
export const horizon = 40;

// parse reads a diagram of ours without groups: drawn (a-b|) or a list of
// columns and signals (0:a 0:|).
export function parse(text) {
  const signals = [];
  const signal = (at, s) => signals.push({ at, end: s === '|' || s === '#' ? s : '', item: s.replace(/^\{(.*)\}$/, '$1') });
  if (/^\d+:/.test(text)) {
    for (const part of text.split(' ')) {
      const [, at, s] = /^(\d+):(.*)$/.exec(part);
      signal(Number(at), s);
    }
    return signals;
  }
  let column = 0;
  for (const [s] of text.matchAll(/\{[^}]*\}|./g)) {
    if (s !== '-') signal(column, s);
    column += 1;
  }
  return signals;
}

// draw is the inverse of parse.
export function draw(signals) {
  let text = '';
  let column = 0;
  for (const { at, end, item } of signals) {
    if (at < column) return signals.map((s) => `${s.at}:${s.end || show(s.item)}`).join(' ');
    text += '-'.repeat(at - column) + (end || show(item));
    column = at + 1;
  }
  return text || '-';
}

// show is an item as a diagram has it.
export function show(item) {
  const text = Array.isArray(item) ? `[${item.join('')}]` : String(item);
  return text.length === 1 && !'-()|#!^{}: '.includes(text) ? text : `{${text}}`;
}

const errors = {
  EmptyError: 'empty',
  ArgumentOutOfRangeError: 'range',
  NotFoundError: 'notfound',
  SequenceError: 'many',
  TimeoutError: 'timeout',
};

const failed = (err) => `#${err === marble ? '' : errors[err?.name] ?? (() => { throw err; })()}`;

// marble is the error that # stands for.
export const marble = new Error('marble error');

// column is where something is drawn that may be a little early or late.
export const column = (time) => Math.floor(time + 0.3);

// World is what a builder makes its stream from. Times are jittered, see below.
export class World {
  constructor(scheduler, spec, jitter, apart) {
    Object.assign(this, { scheduler, spec, jitter, apart });
    for (const name of Object.keys(spec.sources)) this[name] = this.source(name);
  }

  source(name) {
    const signals = parse(this.spec.sources[name]);
    return new Observable((subscriber) => {
      let late = Math.abs(this.jitter() * this.jitter()) * 100; // mostly little: a few may add up to less than another one
      for (const { at, end, item } of signals) {
        const tell = () => {
          if (end === '|') subscriber.complete();
          else if (end === '#') subscriber.error(marble);
          else subscriber.next(item);
        };
        subscriber.add(this.scheduler.schedule(tell, at + late));
        late += this.apart ? Math.abs(this.jitter()) : 0;
      }
    });
  }

  // inner is the stream for an item: the source p, q or r for those, i for others.
  inner(v) { return 'pqr'.includes(v) ? this[v] : this.i; }
  n(name) { return Number(this.spec.args[name]); }
  d(name) { return this.n(name) > 0 ? this.n(name) + this.jitter() / 4 : this.n(name); }
  has(name) { return name in this.spec.args; }
  text(name) { return this.spec.args[name]; }
  now() { return column(this.scheduler.now()); }

  get pred() {
    const [kind, than] = this.text('p').split(':');
    return {
      all: () => true,
      none: () => false,
      vowel: (v) => 'aeiou'.includes(v.toLowerCase()),
      lt: (v) => v < than,
      is: (v) => v === than,
    }[kind];
  }

  get key() {
    return {
      self: (v) => v,
      case: (v) => v.toLowerCase(),
      vowel: (v) => ('aeiou'.includes(v.toLowerCase()) ? 'v' : 'c'),
    }[this.text('key')];
  }
}

function once(build, c, jitter, apart) {
  const subscribers = (c.args.subs ?? '0').split(',').map(Number);
  const takes = (c.args.take ?? '').split(',');
  const outs = subscribers.map(() => []);
  const scheduler = new TestScheduler(() => {});
  scheduler.run(() => {
    const world = new World(scheduler, c, jitter, apart);
    let stream;
    try {
      stream = build(world);
    } catch (err) {
      if (!(err.name in errors)) throw err;
      outs[0].push('0:#throws');
      return;
    }
    subscribers.forEach((at, i) => {
      const limited = takes[i] > 0 ? stream.pipe(take(Number(takes[i]))) : stream;
      const tell = (s) => outs[i].push(`${world.now()}:${s}`);
      const subscribe = () => {
        let ended = false;
        const end = (s) => { ended = true; tell(s); };
        const subscription = limited.subscribe({
          next: (v) => tell(show(v)),
          error: (err) => end(failed(err)),
          complete: () => end('|'),
        });
        scheduler.schedule(() => {
          if (!ended) end('!');
          subscription.unsubscribe();
        }, horizon + 0.5 - scheduler.now());
      };
      scheduler.schedule(subscribe, at + Math.abs(jitter()));
    });
    scheduler.schedule(() => world.close?.(), horizon + 0.6);
  });
  return outs.map((out) => out.join(' ')).join(' / ');
}

// run gives what comes out of a case, or '' where that hinges on a tie.
//
// Several causes can share an instant: an item and a timer, or items of two
// sources. RxJS then has an order of its own, and ours is unspecified. So each
// case is run again with every subscription of a source, and every duration,
// late by an amount of its own, too small to reach the next column; a duration
// may also be short by one. Whatever was a tie then comes in one order in some
// of the runs and in the other in the rest.
export function run(build, c, random) {
  const out = once(build, c, () => 0);
  for (let i = 0; i < 30; i++) {
    if (once(build, c, () => (random() - 0.5) * 0.02) !== out) return '';
  }
  return out;
}

// holds reports whether a case comes out the same when the signals of a source that
// share a column are a little apart, too: a timer may fall between them where each
// stage runs on a goroutine of its own.
export function holds(build, c, random, out) {
  for (let i = 0; i < 60; i++) {
    if (once(build, c, () => (random() - 0.5) * 0.02, true) !== out) return false;
  }
  return true;
}
