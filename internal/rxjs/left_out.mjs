// What RxJS has and no case replays, and why.
const span = 'its span is a stream that is made for each item; ours is a duration, as in the …Time operator of that name';
const toggled = 'nothing here makes a boundary anew for each buffer or window';
const older = (name) => `an older name or form of ${name}, which has cases`;
const javaScript = 'it wraps something of JavaScript; Create, Start and FromChannel wrap things of Go';
const scheduler = 'there are no schedulers here';
const constant = (name) => `${name} whose function returns always the same`;

export const leftOut = {
  animationFrames: 'a browser has those',
  audit: span,
  bindCallback: javaScript,
  bindNodeCallback: javaScript,
  bufferToggle: toggled,
  bufferWhen: toggled,
  combineAll: older('combineLatestAll'),
  concatMapTo: constant('concatMap'),
  connect: 'nothing here shares within a function; Publish and Broadcast share',
  debounce: span,
  empty: older('EMPTY'),
  exhaust: older('exhaustAll'),
  firstValueFrom: 'a promise of the first item; here First and Collect',
  flatMap: older('mergeMap'),
  fromEvent: javaScript,
  fromEventPattern: javaScript,
  identity: 'no operator; here Self',
  isObservable: 'no operator; here the type tells',
  lastValueFrom: 'a promise of the last item; here Last and Collect',
  mapTo: constant('map'),
  mergeMapTo: constant('mergeMap'),
  mergeScan: 'nothing here corresponds to it',
  multicast: older('connectable'),
  never: older('NEVER'),
  noop: 'no operator',
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
