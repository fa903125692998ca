// What RxJS has and no case replays, and why.
const span = 'its span is a stream that is made for each item; here it is a duration, as in the …Time operator of that name';
const toggled = 'no operator here makes a new boundary for each buffer or window';
const older = (name) => `an older name or form of ${name}, which has cases`;
const javaScript = 'it wraps a concept of JavaScript; Create, Start and FromChannel wrap concepts of Go';
const scheduler = 'there are no schedulers here';
const constant = (name) => `${name} with a function that always returns the same`;

export const leftOut = {
  animationFrames: 'only a browser has these',
  audit: span,
  bindCallback: javaScript,
  bindNodeCallback: javaScript,
  bufferToggle: toggled,
  bufferWhen: toggled,
  combineAll: older('combineLatestAll'),
  concatMapTo: constant('concatMap'),
  connect: 'no operator here shares within a function; Publish and Broadcast share',
  debounce: span,
  empty: older('EMPTY'),
  exhaust: older('exhaustAll'),
  firstValueFrom: 'a promise of the first item; use First and Collect here',
  flatMap: older('mergeMap'),
  fromEvent: javaScript,
  fromEventPattern: javaScript,
  identity: 'not an operator; use Self here',
  isObservable: 'not an operator; here the compiler checks the type',
  lastValueFrom: 'a promise of the last item; use Last and Collect here',
  mapTo: constant('map'),
  mergeMapTo: constant('mergeMap'),
  mergeScan: 'nothing here corresponds to it',
  multicast: older('connectable'),
  never: older('NEVER'),
  noop: 'not an operator',
  observeOn: scheduler,
  pairs: older('from'),
  pluck: older('map'),
  publish: older('connectable'),
  publishBehavior: older('connectable'),
  publishLast: older('connectable'),
  publishReplay: older('connectable'),
  refCount: older('share'),
  repeatWhen: older('repeat'),
  retryWhen: older('retry'),
  scheduled: scheduler,
  subscribeOn: scheduler,
  switchMapTo: constant('switchMap'),
  switchScan: 'nothing here corresponds to it',
  throttle: span,
  timeoutWith: older('timeout'),
  windowToggle: toggled,
  windowWhen: toggled,
};
