import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { AxiosError, type InternalAxiosRequestConfig } from 'axios';
import type { ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import type { GraphnetAuthError, GraphnetAuthErrorCode, GraphnetAuthEvent, GraphnetAuthOptions } from '../lib/index.js';
import { attachGraphnetAuth } from '../lib/index.js';
import { attach } from './support/attached.js';
import { json, startGraphnet, type Graphnet, type Handler } from './support/graphnet.js';
import { captureOutput, findCanaries, spellings } from './support/search.js';

const SECRET = 'CANARY+s&cret/"q" %41ü';
/** The end of every token here, in the place of its signature. */
const SIGNATURE = 'CANARY-t0ken';
const NHS_NUMBER = '9000000009';
const CANARIES = [SECRET, SIGNATURE, NHS_NUMBER];

let graphnet: Graphnet;
let output: ReturnType<typeof captureOutput>;
beforeEach(async () => {
  graphnet = await startGraphnet();
  output = captureOutput();
});
afterEach(async () => {
  output.stop();
  expect(findCanaries(output.lines, CANARIES)).toEqual([]);
  await graphnet.close();
});

const marked = (token: string) => token.replace(/[^.]*$/, SIGNATURE);
const token = (claims = {}) => marked(graphnet.issue(claims));
const quick: GraphnetAuthOptions = {
  clientSecret: SECRET,
  tokenRetry: { retries: 1, retryDelay: () => 1 },
  tokenRequest: { timeout: 60 },
};
const failureOf = (work: Promise<unknown>) => work.then(() => undefined, (error: GraphnetAuthError) => error); // prettier-ignore

describe('the searching helper finds what is planted', () => {
  class Hidden {
    readonly #secret = SECRET;
    get inherited() {
      return this.#secret;
    }
  }
  const places: [string, unknown][] = [
    ['text', `a ${SECRET} b`],
    ['an own property', { a: { b: [SECRET] } }],
    ['a key', { [SECRET]: 1 }],
    ['a property that is not enumerable', Object.defineProperty({}, 'x', { value: SECRET })],
    ['a symbol property', { [Symbol('x')]: SECRET }],
    ['the description of a symbol', { x: Symbol(SECRET) }],
    ['an own getter', { get x() { return SECRET; } }],
    ['a getter that throws', { get x() { throw new Error(SECRET); } }],
    ['a getter of the class', new Hidden()],
    ['an inherited property', Object.create({ x: SECRET })],
    ['a Map', new Map([['x', SECRET]])],
    ['a key of a Map', new Map([[{ x: SECRET }, 1]])],
    ['a Set', new Set([SECRET])],
    ['a Buffer', Buffer.from(SECRET)],
    ['a view of an ArrayBuffer', new DataView(new TextEncoder().encode(SECRET).buffer)],
    ['a message', new Error(SECRET)],
    ['a stack', Object.assign(new Error(), { stack: SECRET })],
    ['a cause of a cause', new Error('', { cause: new Error('', { cause: SECRET }) })],
    ['an AggregateError', new AggregateError([new Error(SECRET)])],
    ['what toJSON makes', { toJSON: () => SECRET }],
    ['what util.inspect makes', { [inspect.custom]: () => SECRET }],
    ['what String() makes', { toString: () => SECRET }],
    ['a property of a function', Object.assign(() => 1, { x: SECRET })],
    ['behind a cycle', (() => { const a: Record<string, unknown> = {}; a.a = a; a.b = SECRET; return a; })()],
    ['URL-encoded', encodeURIComponent(SECRET)],
    ['URL-encoded in lower case, as .NET does', encodeURIComponent(SECRET).toLowerCase()],
    ['as in a form', new URLSearchParams({ client_secret: SECRET }).toString()],
    ['escaped for JSON', JSON.stringify({ x: SECRET })],
    ['escaped for HTML', SECRET.replaceAll('&', '&amp;')],
    ['base64', Buffer.from(SECRET).toString('base64')],
    ['base64 behind one byte', Buffer.from(`:${SECRET}`).toString('base64')],
    ['base64 behind an id', Buffer.from(`id:${SECRET}:x`).toString('base64')],
    ['base64url', Buffer.from(`trust-a:${SECRET}`).toString('base64url')],
    ['hex', Buffer.from(SECRET).toString('hex')],
  ]; // prettier-ignore
  test.each(places)('%s', (_, planted) => {
    expect(findCanaries(planted, [SECRET])).not.toEqual([]);
    expect(findCanaries({ deep: [planted] }, [SECRET])).not.toEqual([]);
    expect(findCanaries(planted, ['something else'])).toEqual([]);
  });

  test('what is printed: console, warnings of the process', async () => {
    const own = captureOutput();
    console.error('%s', SECRET);
    console.dir({ x: SECRET });
    process.emitWarning(SECRET);
    await new Promise((resolve) => setImmediate(resolve));
    own.stop();
    output.lines.length = 0;
    expect(findCanaries(own.lines, [SECRET]).filter((path) => /^\.\d+$/.test(path))).toHaveLength(3);
  });
});

/** How a server may repeat what it was sent. */
const ECHOES: Record<string, (secret: string, body: string) => string> = {
  'as it is': (secret) => secret,
  'URL-encoded': encodeURIComponent,
  'URL-encoded in lower case, as .NET does': (secret) =>
    encodeURIComponent(secret).replace(/%../g, (escape) => escape.toLowerCase()),
  'the form in lower case': (_, body) => body.replace(/%../g, (escape) => escape.toLowerCase()),
  'escaped for HTML': (secret) => secret.replaceAll('&', '&amp;').replaceAll('"', '&quot;'),
  'beside an encrypted token (JWE)': (secret) => `${secret} eyJhbGciOiJSU0EifQ.a2V5.aXY.dGV4dA.${SIGNATURE}`,
  'the form as it was sent': (_, body) => body,
  'without its end': (secret) => ` ${secret} `,
  'among 190 characters': (secret) => 'x'.repeat(190) + secret,
};
const said = (body: string, echo = ECHOES['as it is']!) => {
  const secret = new URLSearchParams(body).get('client_secret')!;
  return `${echo(secret, body)} ${token()}`;
};
const echoing =
  (status: number, fields: object = {}, headers: Record<string, string> = {}): Handler =>
  ({ body }, response) => {
    const text = said(body.toString());
    response.statusMessage = encodeURIComponent(text);
    const all = { 'X-Echo': encodeURIComponent(text), 'WWW-Authenticate': `Basic realm="${SIGNATURE}"`, ...headers };
    json(response, status, { error: text, error_description: text, more: { text }, ...fields }, all);
  };
const writing = (make: (text: string) => string | Buffer, then?: (response: ServerResponse) => void): Handler =>
  ({ body }, response) => void response.write(make(said(body.toString())), () => (then ?? ((all) => all.end()))(response)); // prettier-ignore
const issuing = (fields: () => object): Handler => (_, response) =>
  json(response, 200, { token_type: 'Bearer', access_token: token(), ...fields() }); // prettier-ignore

type Fault = [name: string, code: GraphnetAuthErrorCode, onToken: Handler, options?: GraphnetAuthOptions];
const REQUEST = 'ERR_GRAPHNET_TOKEN_REQUEST';
const RESPONSE = 'ERR_GRAPHNET_TOKEN_RESPONSE';
const CREDENTIALS = 'ERR_GRAPHNET_CREDENTIALS';
const FAULTS: Fault[] = [
  ['reset before an answer', REQUEST, (_, response) => void response.destroy()],
  ['reset in mid-answer', REQUEST, writing((text) => text, (response) => response.destroy())],
  ['hang', REQUEST, () => undefined],
  ['hang in mid-answer', REQUEST, writing((text) => text, () => undefined)],
  ['refused connection', REQUEST, () => undefined, { tokenUrl: `http://127.0.0.1:1/?x=${encodeURIComponent(SECRET)}` }],
  ...[404, 407, 429, 500, 503].map((status): Fault => [String(status), REQUEST, echoing(status)]),
  ['503 with a Retry-After beyond the deadline', REQUEST, echoing(503, {}, { 'Retry-After': '3600' })],
  ['Retry-After that echoes', REQUEST, echoing(503, {}, { 'Retry-After': encodeURIComponent(SECRET) })],
  ['redirect', REQUEST, echoing(302, {}, { Location: `/?s=${encodeURIComponent(SECRET)}` })],
  ['400 invalid_scope', REQUEST, echoing(400, { error: 'invalid_scope' })],
  ['401', CREDENTIALS, echoing(401)],
  ['400 invalid_client', CREDENTIALS, echoing(400, { error: 'invalid_client' })],
  ['refused, of a function', CREDENTIALS, echoing(401), { clientSecret: () => SECRET }],
  ['truncated JSON', RESPONSE, writing((text) => `{"token_type":"Bea${text}`)],
  ['an HTML page', RESPONSE, writing((text) => `<html>${text}</html>`)],
  ['10 MiB', RESPONSE, writing((text) => Buffer.alloc(10 * 2 ** 20, text))],
  ['a 200 with an error', RESPONSE, echoing(200)],
  ['token_type mac', RESPONSE, issuing(() => ({ token_type: SECRET }))],
  ['a token with line breaks', RESPONSE, issuing(() => ({ access_token: `${token()}\r\nX: ${SECRET}` }))],
  ['a token that has expired', RESPONSE, issuing(() => ({ access_token: token({ exp: 1 }) }))],
  ['an opaque token without expires_in', RESPONSE, issuing(() => ({ access_token: SIGNATURE }))],
  ['a clientSecret function that throws', REQUEST, () => undefined, { clientSecret: () => { throw new Error(SECRET); } }],
  ['a clientSecret function that rejects', REQUEST, () => undefined, { clientSecret: () => Promise.reject(new Error(SECRET)) }],
  ['an adapter that throws', REQUEST, () => undefined, { tokenRequest: { adapter: () => { throw new TypeError(SECRET); } } }],
  ['an adapter that rejects as axios does', REQUEST, () => undefined, { tokenRequest: {
    adapter: (config: InternalAxiosRequestConfig) => Promise.reject(new AxiosError(SECRET, SECRET, config)) } }],
  ['plain http', 'ERR_GRAPHNET_INSECURE_URL', () => undefined, { tokenUrl: `http://auth.example.org/${encodeURIComponent(SECRET)}` }],
]; // prettier-ignore

test.each(FAULTS)('R20: no secret or token after %s (%s)', async (_, code, onToken, options = {}) => {
  const { api, auth, events } = attach(graphnet, { ...quick, ...options });
  graphnet.onToken = onToken;
  const call = { headers: { 'X-Patient': '1' }, params: { identifier: NHS_NUMBER } };
  const errors = [await failureOf(api.get(`/Patient/${NHS_NUMBER}`, call)), await failureOf(auth.getToken())];
  for (const error of errors) expect(error).toMatchObject({ name: 'GraphnetAuthError', code });
  expect(errors.map((error) => error!.cause)).toEqual([undefined, undefined]);
  if (code !== 'ERR_GRAPHNET_INSECURE_URL') expect(graphnet.tokenRequests.length + events.length).toBeGreaterThan(0);
  expect(findCanaries({ errors, events, auth }, CANARIES)).toEqual([]);
});

test.each(Object.entries(ECHOES))('R20: no secret in the error of a server that repeats it %s', async (_, echo) => {
  const { auth } = attach(graphnet, quick);
  graphnet.onToken = ({ body }, response) => {
    const text = said(body.toString(), echo);
    json(response, 400, { error: text, error_description: text });
  };
  const error = await failureOf(auth.getToken());
  expect(error!.oauthErrorDescription).toMatch(/redacted|xxx/);
  expect(findCanaries(error, CANARIES)).toEqual([]);
});

test('R20: no secret or token in ERR_GRAPHNET_CONFIG', async () => {
  const wrong = { clientId: 5, tokenUrl: `ftp://x:${SECRET}@y/`, allowedOrigins: [SECRET], onEvent: SECRET };
  const { api } = attach(graphnet, quick);
  api.defaults.headers.common.Authorization = `Bearer ${token()}`;
  const options = { clientSecret: SECRET, ...wrong } as unknown as GraphnetAuthOptions;
  const error = await failureOf(Promise.resolve().then(() => attachGraphnetAuth(api, options)));
  expect(error).toMatchObject({ code: 'ERR_GRAPHNET_CONFIG' });
  expect(findCanaries(error, CANARIES)).toEqual([]);
});

describe('R20: events', () => {
  const path = `/Patient/${NHS_NUMBER}`;
  const call = { params: { identifier: NHS_NUMBER } };
  const answering = (status: number, challenge?: string): Handler => (_, response) =>
    json(response, status, { echo: token(), id: NHS_NUMBER }, challenge ? { 'WWW-Authenticate': challenge } : {}); // prettier-ignore
  const entries = new Map<string, unknown>();
  const store = {
    get: (key: string) => Promise.resolve(entries.get(key)),
    set: (key: string, value: unknown) => Promise.resolve(void entries.set(key, value)),
    delete: (key: string) => Promise.resolve(void entries.delete(key)),
  };
  const sick = { ...store, get: () => Promise.reject(new Error(SECRET)) };
  const corrupt = { ...store, get: () => Promise.resolve(`${SECRET} ${SIGNATURE}`) };
  const issue: Handler = (_, response) => json(response, 200, { token_type: 'Bearer', access_token: SIGNATURE, expires_in: 600 }); // prettier-ignore

  test('of every type, none with secret, token, path, query or body', async () => {
    const seen: GraphnetAuthEvent[] = [];
    const more = { ...quick, onEvent: (event: GraphnetAuthEvent) => void seen.push(event) };
    const settle = (work: Promise<unknown>) => failureOf(work);
    graphnet.onToken = issue;

    for (const options of [{ store }, { store }, { store: sick }, { store: corrupt }]) {
      const { api } = attach(graphnet, { ...more, ...options });
      graphnet.onUnauthorized = answering(200);
      await settle(api.get(path, call));
    }
    const { api, auth } = attach(graphnet, more);
    await settle(api.get(path, call));
    for (const handler of [
      answering(403),
      answering(401, `AzureApiManagementKey realm="${SIGNATURE}",name="Ocp"`),
      answering(401),
    ]) {
      graphnet.onUnauthorized = handler;
      await settle(api.post(path, { id: NHS_NUMBER }, call));
    }
    const { Readable } = await import('node:stream');
    await settle(api.post(path, Readable.from([NHS_NUMBER]), call));
    for (let n = 0; n < 3; n++) await settle(api.get(path, call));
    await settle(api.get(`http://u:${encodeURIComponent(SECRET)}@127.0.0.1:1/${NHS_NUMBER}?x=${SIGNATURE}`));
    auth.invalidate();
    graphnet.onToken = echoing(500);
    await settle(api.get(path, call));

    const types: Record<GraphnetAuthEvent['type'], true> = {
      'token-received': true,
      'token-failed': true,
      'token-discarded': true,
      replayed: true,
      'not-replayed': true,
      'other-challenge': true,
      forbidden: true,
      'untrusted-origin': true,
      'store-failed': true,
    };
    expect([...new Set(seen.map(({ type }) => type))].sort()).toEqual(Object.keys(types).sort());
    const reasons = seen.map((event) => ('reason' in event ? event.reason : ''));
    for (const reason of ['one-shot-body', 'already-replayed', 'storm-limit', 'error', 'corrupt']) expect(reasons).toContain(reason); // prettier-ignore
    expect(findCanaries({ seen, auth }, CANARIES)).toEqual([]);
  });
});

describe('R20: the AxiosError of an API call', () => {
  test('the token stands in its Authorization header and in what was sent; the secret nowhere', async () => {
    graphnet.onToken = issuing(() => ({}));
    graphnet.onUnauthorized = (_, response) => json(response, 500, {});
    const { api } = attach(graphnet, quick);
    const error = (await failureOf(api.get('/x'))) as unknown as AxiosError;
    expect(error).toMatchObject({ isAxiosError: true, status: 500 });
    expect(findCanaries(error, [SECRET])).toEqual([]);

    const exempt = (_: object, key: string | symbol) => key === 'request';
    const found = findCanaries(error, [SIGNATURE], { exempt, printed: false });
    expect(found).toContain('.toJSON().config.headers.Authorization');
    for (const path of found) expect(path).toMatch(/config\.headers[.<]/);
  });

  test('what the package notes on its config holds no secret, and shows no token', async () => {
    graphnet.onToken = issuing(() => ({}));
    graphnet.onUnauthorized = (_, response) => json(response, 500, {});
    const { api } = attach(graphnet, quick);
    const error = (await failureOf(api.get('/x'))) as unknown as AxiosError;
    const added = Object.keys(error.config!).filter((key) => key.includes('graphnet'));
    expect(added).toEqual(['axios-graphnet-auth']);
    const note = (error.config as unknown as Record<string, object>)['axios-graphnet-auth']!;
    expect(findCanaries(note, [SECRET])).toEqual([]);
    expect(inspect(note, { depth: Infinity, getters: true, showHidden: true })).toBe('Mark {}');
    expect(findCanaries(note, [SIGNATURE])).toEqual([]);
    expect(JSON.stringify(note)).toBe('{}');
  });
});

test('spellings are without doubles, and none is short enough to be found by chance', () => {
  for (const canary of CANARIES) expect(Math.min(...spellings(canary).map(({ length }) => length))).toBeGreaterThan(8);
});
