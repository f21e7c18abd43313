import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { GraphnetTokenStore } from '../lib/index.js';
import { attach } from './support/attached.js';
import { jwt, startGraphnet, type Graphnet } from './support/graphnet.js';
import { never, until } from './support/schedule.js';

let graphnet: Graphnet;
beforeEach(async () => {
  graphnet = await startGraphnet();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await graphnet.close();
});

describe('R27, R32: a store that does not do what it should', () => {
  const entry = (fields: object) =>
    JSON.stringify({
      value: jwt({ exp: 1 }),
      expiresAtMs: Date.now() + 60_000,
      requestedAtMs: Date.now(),
      lifeMs: 60_000,
      ...fields,
    });
  /** Answers every read of the token with this, and forgets what it is told of it; leases it keeps. */
  function answering(value: unknown): GraphnetTokenStore {
    let lease: string | undefined;
    const isLease = (key: string) => key.endsWith(':lease');
    return {
      get: (key) => Promise.resolve(isLease(key) ? lease : value),
      set: (key, given) => Promise.resolve(isLease(key) && (lease = given)),
      delete: (key) => Promise.resolve(isLease(key) && (lease = undefined)),
    };
  }

  test.each<[string, unknown]>([
    ['text', 'garbage'],
    ['a number', 5],
    ['JSON without a token', '{}'],
    ['a token that is no bearer token', entry({ value: 'a b' })],
    ['a life that is no number', entry({ lifeMs: 'long' })],
    ['a life of a thousand years', entry({ lifeMs: 3e13 })],
    ['a time that is no number', entry({ requestedAtMs: null })],
    ['a time out of range', entry({ expiresAtMs: 1e300 })],
    ['of a process whose clock is a minute ahead (R4)', entry({ requestedAtMs: Date.now() + 60_000 })],
    ['of a process whose clock is an hour ahead (R4)', entry({ requestedAtMs: Date.now() + 3_600_000 })],
  ])('a corrupt entry (%s) is ignored, and onEvent says so', async (_, value) => {
    const { api, eventsOf } = attach(graphnet, { store: answering(value) });
    await expect(api.get('/')).resolves.toMatchObject({ status: 200 });
    expect(eventsOf('store-failed')[0]).toEqual({ type: 'store-failed', operation: 'get', reason: 'corrupt' });
    expect(graphnet.tokenRequests).toHaveLength(1);
  });

  test.each<[string, unknown]>([
    ['expired', entry({ requestedAtMs: Date.now() - 61_000 })],
    ['none', null],
  ])('an entry that is %s is ignored without a word', async (_, value) => {
    const { api, events } = attach(graphnet, { store: answering(value) });
    await api.get('/');
    expect(events.map(({ type }) => type)).toEqual(['token-received']);
  });

  test('an opaque token, an entry that the store has parsed, a writer whose clock is a little ahead', async () => {
    const { auth } = attach(graphnet, {
      store: answering(JSON.parse(entry({ value: 'opaque', requestedAtMs: Date.now() + 500 }))),
    });
    expect(await auth.getToken()).toMatchObject({ value: 'opaque', claims: {} });
    expect(graphnet.tokenRequests).toHaveLength(0);
  });

  const rejectOrThrow = (key: string) => {
    if (key.endsWith(':lease')) throw new Error('down');
    return Promise.reject(new Error('down'));
  };
  const broken: [string, Partial<GraphnetTokenStore>, object][] = [
    ['throws', { get: () => { throw new Error('s3cret'); } }, { operation: 'get', reason: 'error' }],
    ['rejects', { get: () => Promise.reject(new Error('down')) }, { operation: 'get', reason: 'error' }],
    ['rejects one and throws at another', { get: rejectOrThrow }, { operation: 'get', reason: 'error' }],
    ['hangs', { get: never }, { operation: 'get', reason: 'timeout' }],
    ['is full', { set: () => Promise.reject(new Error('OOM')) }, { operation: 'set', reason: 'error' }],
    ['is full, and says nothing of it', { set: () => Promise.resolve(true) }, { operation: 'set', reason: 'not-kept' }],
    ['hangs at a write', { set: never }, { operation: 'set', reason: 'timeout' }],
    ['cannot delete', { delete: () => Promise.reject(new Error('no')) }, { operation: 'delete', reason: 'error' }],
  ]; // prettier-ignore
  test.each(broken)('a store that %s: the app goes on as if there were none', async (_, part, event) => {
    const { api, auth, eventsOf } = attach(graphnet, { store: { ...answering(undefined), ...part } });
    const startedAt = performance.now();
    await expect(api.get('/')).resolves.toMatchObject({ status: 200 });
    expect(performance.now() - startedAt).toBeLessThan(1000);
    await until(() => eventsOf('store-failed').length > 0);
    expect(eventsOf('store-failed')[0]).toMatchObject(event);
    auth.invalidate();
    await expect(api.get('/')).resolves.toMatchObject({ status: 200 });
  });

  test('a rejected token that lingers in the store is not taken again', async () => {
    const lingering = entry({ value: jwt({ sub: 'rejected' }) });
    const { api } = attach(graphnet, { store: answering(lingering) });
    await expect(api.get('/')).resolves.toMatchObject({ status: 200 });
    expect(graphnet.apiRequests.map(({ headers }) => headers.authorization)).toEqual([
      `Bearer ${jwt({ sub: 'rejected' })}`,
      `Bearer ${graphnet.issued[0]}`,
    ]);
  });
});
