import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Console } from 'node:console';
import { PassThrough } from 'node:stream';
import { inspect } from 'node:util';
import { GraphnetAuthError, isGraphnetAuthError, type AccessToken, type GraphnetAuth } from '../lib/index.js';
import { attach } from './support/attached.js';
import { startGraphnet, type Graphnet } from './support/graphnet.js';
import { findCanaries } from './support/search.js';

let graphnet: Graphnet;
let auth: GraphnetAuth;
let token: AccessToken;
let canaries: string[];
beforeEach(async () => {
  graphnet = await startGraphnet();
  ({ auth } = attach(graphnet));
  token = await auth.getToken();
  canaries = [graphnet.credentials.clientSecret, graphnet.issued[0]!];
});
afterEach(async () => {
  jest.restoreAllMocks();
  await graphnet.close();
});

/** What `console.log` writes. */
function logged(...values: unknown[]): string {
  const stream = new PassThrough();
  new Console({ stdout: stream }).log(...values);
  return String(stream.read());
}

describe('R20: the token prints redacted', () => {
  const printers: [string, (value: unknown) => string | undefined][] = [
    ['util.inspect', (value) => inspect(value)],
    ['util.inspect, all of it', (value) => inspect(value, { depth: Infinity, showHidden: true })],
    [
      'util.inspect that asks for no custom printer',
      (value) => inspect(value, { showHidden: true, customInspect: false }),
    ],
    ['util.inspect with getters', (value) => inspect(value, { showHidden: true, getters: true })],
    ['util.inspect, within something else', (value) => inspect({ deep: [new Map([['token', value]])] }, false, 9)],
    ['console.log', (value) => logged(value)],
    ['console.log with %o', (value) => logged('%o %O', value, value)],
    ['JSON.stringify', (value) => JSON.stringify(value)],
    ['JSON.stringify, within something else', (value) => JSON.stringify({ deep: [value] })],
    ['a copy by spread', (value) => inspect({ ...(value as object) }, { showHidden: true, getters: true })],
    ['structuredClone', (value) => inspect(structuredClone({ ...(value as object) }))],
  ];

  test.each(printers)('%s', (name, print) => {
    const text = print(token)!;
    expect(findCanaries(text, canaries)).toEqual([]);
    expect(text).toContain('expiresAt');
    if (!/copy|Clone|no custom/.test(name)) expect(text).toContain('[redacted]');
  });

  test('`value` is the only way to it', () => {
    expect(token.value).toBe(graphnet.issued[0]);
    const isValue = (owner: object, key: string | symbol) => owner === token && key === 'value';
    expect(findCanaries(token, canaries)).toContain('.value');
    expect(findCanaries(token, canaries, { exempt: isValue })).toEqual([]);
    expect(Object.keys(token)).toEqual(['claims', 'expiresAt']);
  });

  test('String() of it says nothing', () => {
    expect(`${token as unknown as string}`).toBe('[object Object]');
  });
});

describe('R20: the handle shows neither options nor token', () => {
  test('by any way', () => {
    expect(findCanaries(auth, [...canaries, graphnet.credentials.clientId, graphnet.tokenUrl])).toEqual([]);
  });

  test('it has its three methods, and nothing else', () => {
    expect(Reflect.ownKeys(auth)).toEqual(['getToken', 'invalidate', 'detach']);
    expect(Object.getPrototypeOf(auth)).toBe(Object.prototype);
    expect(JSON.stringify(auth)).toBe('{}');
    expect(logged(auth)).not.toContain('trust-a');
  });

  test('nor does the axios instance that it is attached to', () => {
    const { api } = attach(graphnet);
    expect(findCanaries(api, canaries)).toEqual([]);
  });

  test('the options that the app has passed stay as they were', () => {
    const options = { ...graphnet.credentials, tokenRequest: { headers: { 'X-A': '1' } }, allowedOrigins: [] };
    const before = structuredClone(options);
    attach(graphnet, options);
    expect(options).toEqual(before);
  });
});

describe('the error', () => {
  test('JSON.stringify shows its message', () => {
    const error = new GraphnetAuthError('ERR_GRAPHNET_TOKEN_REQUEST', 'down', { status: 503 });
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: 'GraphnetAuthError',
      code: 'ERR_GRAPHNET_TOKEN_REQUEST',
      status: 503,
      message: 'down',
    });
  });

  test.each([undefined, null, 'text', { name: 'GraphnetAuthError' }, new Error('x')])(
    'isGraphnetAuthError(%p) is false',
    (value) => {
      expect(isGraphnetAuthError(value)).toBe(false);
    },
  );
});
