// Arbitrary answers of a token endpoint, for `npm run fuzz` and for the tests; and what must hold whatever comes.
import { validateHeaderValue } from 'node:http';
import fc from 'fast-check';

const YEAR_MS = 366 * 24 * 3600_000;
/** A server's clock is read in whole seconds. */
const TOLERANCE_MS = 5000;
const HEADER = /^Bearer [A-Za-z0-9\-._~+/]+=*$/;
const CODES = new Set(['ERR_GRAPHNET_CREDENTIALS', 'ERR_GRAPHNET_TOKEN_REQUEST', 'ERR_GRAPHNET_TOKEN_RESPONSE']);

const encode = (text) => Buffer.from(text).toString('base64url');
const seconds = () => Math.floor(Date.now() / 1000);

/** Small: a case must be cheap, and depth has an arbitrary of its own. */
const json = fc.json({ maxDepth: 1 });
const hostileKey = fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString', 'toJSON', 'then', 'exp', 'iat');
const hostileNumber = fc.constantFrom('1e999', '-1e999', '1e308', '-0', '9007199254740993', '1e21', '0.1', '-1', '0');
const time = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -7200, max: 400 * 86_400 }).map((from) => String(seconds() + from)) },
  // Milliseconds, where seconds are meant.
  { weight: 2, arbitrary: fc.integer({ min: -7200_000, max: 7200_000 }).map((from) => String(Date.now() + from)) },
  { weight: 1, arbitrary: fc.double().map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: hostileNumber },
  { weight: 1, arbitrary: json },
);
const nested = fc.nat(10_000).map((depth) => '['.repeat(depth) + ']'.repeat(depth));

/** JSON text of an object, for what JSON.stringify would not write: doubled and hostile keys, numbers out of range. */
const objectOf = (members) => `{${members.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')}}`;
const member = fc.tuple(
  fc.oneof(hostileKey, fc.string()),
  fc.oneof({ weight: 80, arbitrary: json }, { weight: 20, arbitrary: hostileNumber }, { weight: 1, arbitrary: nested }),
);

const payload = fc
  .tuple(fc.option(time, { nil: undefined }), fc.option(time, { nil: undefined }), fc.array(member, { maxLength: 4 }))
  .map(([exp, iat, more]) => objectOf([...(iat ? [['iat', iat]] : []), ...(exp ? [['exp', exp]] : []), ...more]));

/** Text with some of it replaced, left out or doubled. */
const mutated = (texts) =>
  fc
    .tuple(
      texts,
      fc.array(fc.tuple(fc.nat(), fc.nat(6), fc.string({ unit: 'binary', maxLength: 4 })), { maxLength: 4 }),
    )
    .map(([text, edits]) =>
      edits.reduce((now, [at, length, put]) => {
        const from = now.length === 0 ? 0 : at % now.length;
        return now.slice(0, from) + put + now.slice(from + length);
      }, text),
    );

const jwt = fc
  .tuple(fc.oneof({ weight: 6, arbitrary: payload }, { weight: 1, arbitrary: json }), fc.base64String())
  .map(([claims, signature]) => `${encode('{"alg":"RS256"}')}.${encode(claims)}.${encode(signature)}`);
const token = fc.oneof(
  { weight: 6, arbitrary: jwt },
  { weight: 3, arbitrary: mutated(jwt) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  { weight: 1, arbitrary: fc.constantFrom('a\r\nX-Evil: 1', 'a b', 'a\0', 'é', '', '='.repeat(9), 'opaque==') },
);

const expiresIn = fc.oneof(
  time,
  hostileNumber,
  fc.nat(100_000).map(String),
  fc.nat(9999).map((n) => `"${n}"`),
  json,
);
const answer = fc
  .tuple(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom('Bearer', 'bearer', 'BEARER') },
      { weight: 1, arbitrary: fc.string() },
    ),
    fc.oneof({ weight: 9, arbitrary: token.map((value) => JSON.stringify(value)) }, { weight: 1, arbitrary: json }),
    fc.option(expiresIn, { freq: 2, nil: undefined }),
    fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: json }),
    fc.array(member, { maxLength: 3 }),
  )
  .map(([type, value, life, error, more]) =>
    objectOf([
      ...more,
      ['token_type', JSON.stringify(type)],
      ['access_token', value],
      ...(life === undefined ? [] : [['expires_in', life]]),
      ...(error === undefined ? [] : [['error', error]]),
    ]),
  );

/** The body of a token answer, as bytes of a network or as an adapter hands it over. */
const body = fc.oneof(
  { weight: 10, arbitrary: answer },
  { weight: 4, arbitrary: mutated(answer) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString()) },
  { weight: 1, arbitrary: json },
  { weight: 1, arbitrary: fc.anything({ withNullPrototype: true, withBigInt: true, withMap: true, withSet: true }) },
  { weight: 2, arbitrary: answer.map(parsed) },
);
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const date = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.integer({ min: -5, max: 5 }).map((from) => new Date(Date.now() + from * 1000).toUTCString()),
  },
  { weight: 1, arbitrary: fc.date({ noInvalidDate: true }).map((at) => at.toUTCString()) },
  { weight: 1, arbitrary: fc.string() },
);
const headers = fc.record(
  { date, 'retry-after': fc.oneof(date, fc.nat().map(String), fc.constant('9'.repeat(400))) },
  { requiredKeys: [] },
);

/** `{ status, body, headers }` of a token endpoint that may answer anything. */
export const tokenAnswer = () =>
  fc.record({
    status: fc.oneof(
      { weight: 9, arbitrary: fc.constant(200) },
      { weight: 1, arbitrary: fc.integer({ min: 200, max: 599 }) },
    ),
    body,
    headers,
  });

/** What of the language a hostile answer might change. */
const prototypes = [
  Object.prototype,
  Array.prototype,
  Function.prototype,
  String.prototype,
  Error.prototype,
  Promise.prototype,
];
const fingerprint = () => prototypes.map((prototype) => Reflect.ownKeys(prototype).map(String).join()).join(';');
const pristine = fingerprint();

const violation = (rule, fact) => new Error(`${rule}: ${String(fact)}`);

/** Throws unless `error` is what an app may be told of a token answer. @returns its code */
export function checkError(error) {
  if (fingerprint() !== pristine) throw violation('a prototype was changed', fingerprint());
  if (!(error instanceof Error) || error.name !== 'GraphnetAuthError')
    throw violation('another exception', error?.stack ?? error);
  if (!CODES.has(error.code)) throw violation('another code', error.code);
  if (error.message.length > 700 || /[\r\n]/.test(error.message)) throw violation('a long message', error.message);
  JSON.stringify(error);
  return error.code;
}

/** A token in its last second counts as used up, for it cannot be told how much of the second is left. */
export const isLife = (ms) => ms > -1001 && ms <= YEAR_MS + TOLERANCE_MS;

/** Throws unless a token is usable: of characters that inject nothing, with a life that is finite. */
export function checkToken({ header, lifeMs, expiresAt }) {
  if (fingerprint() !== pristine) throw violation('a prototype was changed', fingerprint());
  if (!HEADER.test(header)) throw violation('no bearer token', header);
  validateHeaderValue('authorization', header);
  if (Number.isNaN(expiresAt.getTime())) throw violation('no expiry', expiresAt);
  if (!isLife(lifeMs)) throw violation('a life that is not', lifeMs);
  return 'token';
}
