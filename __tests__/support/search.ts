import { format, inspect, types } from 'node:util';

const MAX_OBJECTS = 200_000;

/** Base64 of whatever contains the secret: its own bytes show in one of three alignments. */
function base64Spellings(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [0, 1, 2].map((before) => {
    const whole = Math.floor(((before + bytes.length) * 8) / 6);
    return Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .slice([0, 2, 3][before], whole);
  });
}

/** How a secret may be written where it should not be; in lower case, as `findCanaries` compares. */
export function spellings(secret: string): string[] {
  const base64 = base64Spellings(secret);
  const all = [
    secret,
    encodeURIComponent(secret),
    encodeURI(secret),
    new URLSearchParams({ '': secret }).toString().slice(1),
    JSON.stringify(secret).slice(1, -1),
    secret.replaceAll('&', '&amp;'),
    secret.replaceAll('&', '&amp;').replaceAll('"', '&quot;'),
    secret.replace(/[^\w]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`),
    Buffer.from(secret).toString('hex'),
    ...base64,
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
  ];
  return [...new Set(all.map((text) => text.toLowerCase()))];
}

export interface SearchOptions {
  /** The places where a canary is meant to be: neither read nor searched. */
  exempt?: (owner: object, key: string | symbol) => boolean;
  /** Whether to search what printers make of the whole; not where it has places that are exempt. Default: `true`. */
  printed?: boolean;
}

/** What an app, a logger or an error reporter may make of a value. */
function printedForms(root: unknown): Record<string, () => unknown> {
  return {
    inspect: () => inspect(root, { depth: Infinity, showHidden: true, maxStringLength: null, maxArrayLength: null }),
    'inspect with getters': () => inspect(root, { depth: Infinity, showHidden: true, getters: true }),
    JSON: () => JSON.stringify(root),
    format: () => format('%s %j %o %O', root, root, root, root),
    template: () => String(root),
  };
}

const attempt = (read: () => unknown): unknown => {
  try {
    return read();
  } catch (error) {
    return error;
  }
};

function textOf(buffer: ArrayBufferLike, from: number, length: number): string {
  const bytes = Buffer.from(buffer, from, length);
  return bytes.toString('utf8') + bytes.toString('latin1');
}

/** Small Buffers are cut out of one that Node shares between all of them: of a view, only its own bytes count. */
const isShared = (value: object, key: string | symbol) =>
  ArrayBuffer.isView(value) && (key === 'buffer' || key === 'parent');

/** Everything that a value leads to by one step. Accessors are followed, inherited ones with the value as `this`. */
function* stepsFrom(value: object, exempt: NonNullable<SearchOptions['exempt']>): Generator<[string, unknown]> {
  if (types.isMap(value))
    for (const [key, entry] of value)
      yield* [
        ['<key>', key],
        [`<entry>`, entry],
      ] as const;
  if (types.isSet(value)) for (const entry of value) yield ['<entry>', entry];
  if (ArrayBuffer.isView(value)) yield ['<bytes>', textOf(value.buffer, value.byteOffset, value.byteLength)];
  if (types.isAnyArrayBuffer(value)) yield ['<bytes>', textOf(value, 0, value.byteLength)];
  for (let owner: object | null = value; owner; owner = Object.getPrototypeOf(owner) as object | null) {
    for (const key of Reflect.ownKeys(owner)) {
      yield ['<key>', typeof key === 'symbol' ? (key.description ?? '') : key];
      if (!exempt(value, key) && !isShared(value, key))
        yield [`.${String(key)}`, attempt(() => Reflect.get(owner, key, value))];
    }
  }
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === 'function') yield ['.toJSON()', attempt(() => Reflect.apply(toJSON, value, ['']) as unknown)];
  yield ['<string>', attempt(() => Reflect.apply(String, undefined, [value]))];
}

const isNode = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

/** Visits everything within reach of `queue`, and not yet `seen`. */
function walk(
  queue: [path: string, value: unknown][],
  seen: Set<unknown>,
  exempt: NonNullable<SearchOptions['exempt']>,
  onText: (path: string, text: string) => void,
): void {
  const limit = seen.size + MAX_OBJECTS;
  for (let next = queue.pop(); next; next = queue.pop()) {
    const [path, value] = next;
    if (typeof value === 'string' || typeof value === 'symbol') onText(path, String(value));
    if (!isNode(value) || seen.has(value)) continue;
    seen.add(value);
    if (seen.size > limit) throw new Error(`The search does not end, at ${path}`);
    for (const [step, reached] of stepsFrom(value, exempt)) queue.push([path + step, reached]);
  }
}

/** What belongs to the language, and so is within reach of everything. */
let builtIns: Set<unknown> | undefined;
function languageItself(): Set<unknown> {
  if (!builtIns) {
    builtIns = new Set();
    const samples = [
      {},
      [],
      () => 1,
      new Error(''),
      new Map(),
      new Set(),
      new Date(0),
      /x/,
      Buffer.alloc(0),
      Promise.resolve(),
    ];
    walk(
      samples.map((sample) => ['', Object.getPrototypeOf(sample)]),
      builtIns,
      () => false,
      () => undefined,
    );
  }
  return builtIns;
}

/** The paths at which any of the secrets can be had from `root`, by whatever means short of a debugger. */
export function findCanaries(root: unknown, secrets: readonly string[], options: SearchOptions = {}): string[] {
  const { exempt = () => false, printed = true } = options;
  const needles = secrets.flatMap(spellings);
  const found: string[] = [];
  const queue: [string, unknown][] = [['', root]];
  if (printed)
    for (const [name, print] of Object.entries(printedForms(root))) queue.push([`<${name}>`, attempt(print)]);
  walk(queue, new Set(languageItself()), exempt, (path, text) => {
    const searched = text.toLowerCase();
    if (needles.some((needle) => searched.includes(needle))) found.push(path);
  });
  return found;
}

/** Takes down all that is printed until `stop`: by `console`, and by Node itself, whose warnings go to stderr. */
export function captureOutput(): { lines: string[]; stop(): void } {
  const lines: string[] = [];
  const restore: (() => void)[] = [];
  const replace = (owner: object, name: string, by: (...values: unknown[]) => unknown) => {
    const own: unknown = Reflect.get(owner, name);
    Reflect.set(owner, name, by);
    restore.push(() => void Reflect.set(owner, name, own));
  };
  for (const name of ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir', 'table', 'assert']) {
    replace(console, name, (...values) => void lines.push(format(...values)));
  }
  // Passed on, for Jest's own reports go the same way.
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream) as (...chunk: unknown[]) => boolean;
    replace(stream, 'write', (...chunk) => lines.push(String(chunk[0])) > 0 && write(...chunk));
  }
  return { lines, stop: () => restore.forEach((undo) => undo()) };
}
