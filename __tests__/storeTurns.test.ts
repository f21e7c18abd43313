import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import Keyv from 'keyv';
import { randomUUID } from 'node:crypto';
import type { GraphnetTokenStore } from '../lib/index.js';
import { parseEntry, serialize } from '../lib/storeEntry.js';
import { remainingMs } from '../lib/Token.js';
import { attach } from './support/attached.js';
import { json, startGraphnet, type Graphnet } from './support/graphnet.js';
import { deferred, never, numberedToken, until } from './support/schedule.js';
import { recorded } from './support/recordedStore.js';

let graphnet: Graphnet;
beforeEach(async () => {
  graphnet = await startGraphnet();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await graphnet.close();
});

describe('R30: taking turns', () => {
  test('in its renewal window a process takes what another one has got, without a token request', async () => {
    const { now } = Date;
    let aheadMs = 0;
    jest.spyOn(Date, 'now').mockImplementation(() => now() + aheadMs);
    const keyv = new Keyv();
    const [first, second] = [attach(graphnet, { store: keyv }), attach(graphnet, { store: keyv })];
    await first.auth.getToken();
    await second.auth.getToken();
    aheadMs = 3_590_000 - 295_000;
    first.auth.invalidate();
    const renewed = await first.auth.getToken();
    aheadMs = 3_580_000;
    await second.api.get('/').catch(() => undefined);
    await until(() => second.eventsOf('token-received').length === 2);
    expect((await second.auth.getToken()).value).toBe(renewed.value);
    expect(graphnet.tokenRequests).toHaveLength(2);
  });

  test('a token that was invalidated on its way is not stored', async () => {
    const keyv = new Keyv();
    const { auth } = attach(graphnet, { store: keyv });
    let isFirst = true;
    graphnet.onToken = (_, response) => {
      if (isFirst) auth.invalidate();
      isFirst = false;
      response.end(JSON.stringify({ token_type: 'Bearer', access_token: graphnet.issue() }));
    };
    expect((await auth.getToken()).value).toBe(graphnet.issued[1]);
    const other = attach(graphnet, { store: keyv });
    expect((await other.auth.getToken()).value).toBe(graphnet.issued[1]);
  });

  test('while another process asks, this one waits for what it gets', async () => {
    const keyv = new Keyv();
    const leader = attach(graphnet, { store: keyv });
    let answer = () => undefined as void;
    const mayAnswer = new Promise<void>((resolve) => (answer = resolve));
    graphnet.onToken = async (_, response) => {
      await mayAnswer;
      response.end(JSON.stringify({ token_type: 'Bearer', access_token: graphnet.issue() }));
    };
    const first = leader.api.get('/');
    await until(() => graphnet.tokenRequests.length === 1);
    const follower = attach(graphnet, { store: keyv });
    const second = follower.api.get('/');
    await new Promise((resolve) => setTimeout(resolve, 60));
    answer();
    await Promise.all([first, second]);
    expect(graphnet.tokenRequests).toHaveLength(1);
  });

  test('a turn that a crashed process has left behind is waited for 2 s at most', async () => {
    const { now } = Date;
    let aheadMs = 0;
    jest.spyOn(Date, 'now').mockImplementation(() => now() + aheadMs);
    const store: GraphnetTokenStore = {
      get: (key) => Promise.resolve(key.endsWith(':lease') ? `lease:${randomUUID()}` : undefined),
      set: () => Promise.resolve(),
      delete: () => Promise.resolve(),
    };
    const { api } = attach(graphnet, { store });
    const call = api.get('/');
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(graphnet.tokenRequests).toHaveLength(0);
    aheadMs = 2100;
    const startedAt = performance.now();
    await call;
    expect(performance.now() - startedAt).toBeLessThan(1000);
    expect(graphnet.tokenRequests).toHaveLength(1);
  });

  test('R25: a process that pauses after a failure looks into the store, and does not take the turn', async () => {
    const keyv = new Keyv();
    const refused = attach(graphnet, { store: keyv });
    graphnet.onToken = (_, response) => response.writeHead(400).end() && undefined;
    for (let calls = 0; calls < 2; calls++) await refused.auth.getToken().catch(() => undefined);
    expect(graphnet.tokenRequests).toHaveLength(1);
    graphnet.onToken = undefined;
    const other = attach(graphnet, { store: keyv });
    const startedAt = performance.now();
    const { value } = await other.auth.getToken();
    expect(performance.now() - startedAt).toBeLessThan(1500);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await refused.auth.getToken()).value).toBe(value);
    expect(graphnet.tokenRequests).toHaveLength(2);
  });

  /** A store whose operations can be made to fail or wait. */
  function scripted(on: Partial<GraphnetTokenStore>): GraphnetTokenStore & { kept: Map<string, string> } {
    const kept = new Map<string, string>();
    return {
      kept,
      get: (key) => Promise.resolve(kept.get(key)),
      set: (key, value) => Promise.resolve(kept.set(key, value)),
      delete: (key) => Promise.resolve(kept.delete(key)),
      ...on,
    };
  }
  const isLease = (key: string) => key.endsWith(':lease');

  test('R32: another client, or another token endpoint, has another token', async () => {
    const store = scripted({});
    const values = [];
    for (const [clientId, path] of [['a', '/oauth/token'], ['b', '/oauth/token'], ['a', '/oauth/token?tenant=2']] as const) {
      const { auth } = attach(graphnet, { store, clientId, tokenUrl: `${graphnet.origin}${path}` });
      values.push((await auth.getToken()).value);
    }
    expect(values).toEqual(graphnet.issued);
    await until(() => store.kept.size === 3);
  }); // prettier-ignore

  test('R32: the TTL is what is left of the life when the token has come', async () => {
    const { now } = Date;
    let aheadMs = 0;
    jest.spyOn(Date, 'now').mockImplementation(() => now() + aheadMs);
    graphnet.onToken = (_, response) => {
      aheadMs = 20_000;
      response.sendDate = false;
      response.end(JSON.stringify({ token_type: 'Bearer', access_token: 'opaque', expires_in: 100 }));
    };
    const store = recorded(new Keyv());
    await attach(graphnet, { store }).auth.getToken();
    await until(() => store.entries.size === 1);
    expect(Math.abs([...store.entries.values()][0]!.ttlMs - 80_000)).toBeLessThan(1000);
  });

  test('R30: a turn is leased for 2 s, so that nobody waits for one that has died', async () => {
    const ttls: number[] = [];
    const store = scripted({});
    store.set = (key, value, ttlMs) => {
      if (isLease(key)) ttls.push(ttlMs);
      return Promise.resolve(store.kept.set(key, value));
    };
    await attach(graphnet, { store }).auth.getToken();
    expect(ttls).toEqual([2000]);
  });

  test('R30: a lease that has lapsed, and is another’s by the time that the turn ends, is left to that one', async () => {
    const store = scripted({});
    graphnet.onToken = (_, response) => {
      for (const key of store.kept.keys()) if (isLease(key)) store.kept.set(key, 'lease:another');
      json(response, 200, { token_type: 'Bearer', access_token: graphnet.issue() });
    };
    await attach(graphnet, { store }).auth.getToken();
    await until(() => store.kept.size === 2);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([...store.kept.values()]).toContain('lease:another');
  });

  test('R32: a lease that is none is waited for by nobody', async () => {
    const store = scripted({ get: (key) => Promise.resolve(isLease(key) ? 'garbage' : undefined) });
    const startedAt = performance.now();
    await attach(graphnet, { store }).auth.getToken();
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });

  test('R26: no token that was rejected is ever taken out of a store that keeps them all', async () => {
    const store = scripted({});
    const old: string[] = [];
    let round = 0;
    store.set = (key, value) => {
      if (!isLease(key)) old.push(value);
      return Promise.resolve();
    };
    // What a replica that lags behind may answer: the first token, or the last.
    store.get = (key) => Promise.resolve(isLease(key) ? undefined : round % 2 === 0 ? old[0] : old.at(-1));
    const { auth } = attach(graphnet, { store });
    for (; round < 12; round++) {
      expect((await auth.getToken()).value).toBe(graphnet.issued[round]);
      await new Promise((resolve) => setImmediate(resolve));
      auth.invalidate();
    }
  });

  test('R26: a token that is discarded as soon as it is told of is not stored', async () => {
    const store = scripted({});
    let isFirst = true;
    const { auth } = attach(graphnet, {
      store,
      onEvent: ({ type }) => {
        if (type === 'token-received' && isFirst) {
          isFirst = false;
          auth.invalidate();
        }
      },
    });
    const written: string[] = [];
    store.set = (key, value) => {
      if (!isLease(key)) written.push(value);
      return Promise.resolve(store.kept.set(key, value));
    };
    await auth.getToken();
    await until(() => written.length > 0);
    expect(written.some((value) => value.includes(graphnet.issued[0]!))).toBe(false);
  });

  test('R27: nobody waits until a token is stored', async () => {
    const store = scripted({});
    store.set = (key, value) =>
      isLease(key) ? Promise.resolve(store.kept.set(key, value)) : new Promise(() => undefined);
    const { auth, events } = attach(graphnet, { store });
    await auth.getToken();
    expect(events.map(({ type }) => type)).toEqual(['token-received']);
  });

  test('R27, R30: a store that failed to forget a token is looked into again after that', async () => {
    const store = scripted({});
    const { auth } = attach(graphnet, { store });
    await auth.getToken();
    await until(() => [...store.kept.keys()].filter(isLease).length === 0);
    const { get } = store;
    store.get = () => Promise.reject(new Error('down'));
    auth.invalidate();
    await auth.getToken();
    store.get = get;
    store.kept.clear();
    const { now } = Date;
    jest.spyOn(Date, 'now').mockImplementation(() => now() + 3_700_000);
    graphnet.lifeSeconds = 7200;
    const { value } = await attach(graphnet, { store }).auth.getToken();
    await until(() => store.kept.size > 0);
    expect((await auth.getToken()).value).toBe(value);
  });

  /** A store that has for a token what another process has put there. */
  function withForeign() {
    const store = scripted({ delete: (key) => Promise.resolve(store.kept.delete(key)) });
    let foreign: string | undefined;
    store.get = (key) => Promise.resolve(isLease(key) ? store.kept.get(key) : foreign);
    const offer = (value?: string, ageMs = 0) => {
      const [requestedAtMs, lifeMs] = [Date.now() - ageMs, 3_600_000];
      foreign = value && JSON.stringify({ value, expiresAtMs: requestedAtMs + lifeMs, requestedAtMs, lifeMs });
    };
    return { store, offer };
  }

  test('R31: a token that was there when a replay was accepted is not trusted either', async () => {
    const { now } = Date;
    let aheadMs = 0;
    jest.spyOn(Date, 'now').mockImplementation(() => now() + aheadMs);
    const { store, offer } = withForeign();
    const { api } = attach(graphnet, { store });
    await api.get('/');
    graphnet.revokeAll();
    graphnet.onToken = (_, response) => {
      aheadMs = 10_000;
      response.end(JSON.stringify({ token_type: 'Bearer', access_token: graphnet.issue() }));
    };
    await api.get('/');
    offer(graphnet.issue(), 5000);
    graphnet.revokeAll();
    aheadMs = 20_000;
    await expect(api.get('/')).resolves.toMatchObject({ status: 200 });
    expect(graphnet.apiRequests.at(-1)!.headers.authorization).toBe(`Bearer ${graphnet.issued[3]}`);
  });

  test('R9: a 401 that was healed out of the store is charged to no later token request', async () => {
    const { store, offer } = withForeign();
    const { api, auth } = attach(graphnet, { store });
    await api.get('/');
    for (let times = 0; times < 5; times++) {
      graphnet.revokeAll();
      offer(graphnet.issue());
      await api.get('/');
      offer();
      auth.invalidate();
      await api.get('/');
    }
    expect(graphnet.tokenRequests).toHaveLength(1 + 5);
    graphnet.revokeAll();
    await expect(api.get('/')).resolves.toMatchObject({ status: 200 });
  });

  test('R31: a rejected token is taken out though no other is to be had', async () => {
    const store = scripted({});
    const { api } = attach(graphnet, { store, tokenRetry: { retries: 0 } });
    await api.get('/');
    await until(() => store.kept.size === 1);
    graphnet.revokeAll();
    graphnet.onToken = (_, response) => response.writeHead(500).end() && undefined;
    await expect(api.get('/')).rejects.toMatchObject({ code: 'ERR_GRAPHNET_TOKEN_REQUEST' });
    await until(() => store.kept.size === 0);
  });

  test('R31: a store that is slow to forget a rejected token does not lose the new one', async () => {
    const store = scripted({});
    store.delete = async (key) => {
      if (!isLease(key)) await new Promise((resolve) => setTimeout(resolve, 100));
      store.kept.delete(key);
    };
    const { api } = attach(graphnet, { store });
    await api.get('/');
    await until(() => store.kept.size === 1);
    graphnet.revokeAll();
    await api.get('/');
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect([...store.kept.values()].join()).toContain(graphnet.issued[1]);
  });

  test('R27: a store that hangs when it is to forget a token is not waited for a second time', async () => {
    const store = scripted({});
    const { auth, eventsOf } = attach(graphnet, { store });
    await auth.getToken();
    await until(() => store.kept.size === 1);
    store.get = never;
    auth.invalidate();
    await auth.getToken();
    expect(eventsOf('store-failed')).toEqual([{ type: 'store-failed', operation: 'get', reason: 'timeout' }]);
  });

  test('R4: the age of an entry is counted from when its writer asked for the token, on both clocks', () => {
    const clock = { wallMs: 1e12, monotonicMs: 5000 };
    jest.spyOn(Date, 'now').mockImplementation(() => clock.wallMs);
    jest.spyOn(performance, 'now').mockImplementation(() => clock.monotonicMs);
    const token = numberedToken(1, 100_000);
    clock.wallMs += 20_000;
    clock.monotonicMs += 20_000;
    const entry = serialize(token);
    clock.wallMs += 10_000;
    // The reader is another machine, and has just been started.
    clock.monotonicMs = 7000;
    const read = parseEntry(entry)!;
    expect(remainingMs(read)).toBe(70_000);
    expect(read.requestedAt).toEqual({ wallMs: token.requestedAt.wallMs, monotonicMs: 7000 - 30_000 });
    clock.wallMs = token.requestedAt.wallMs - 500;
    expect(remainingMs(parseEntry(entry)!)).toBe(100_000);
  });

  test('R27: a turn ends also where the token cannot be stored', async () => {
    const store = scripted({});
    store.set = (key, value) =>
      isLease(key) ? Promise.resolve(store.kept.set(key, value)) : Promise.reject(new Error('too large'));
    const { auth, eventsOf } = attach(graphnet, { store });
    await auth.getToken();
    await until(() => store.kept.size === 0);
    expect(eventsOf('store-failed')).toEqual([{ type: 'store-failed', operation: 'set', reason: 'error' }]);
  });

  test('R27: a look that comes too late leaves no lease behind', async () => {
    const answers = deferred<undefined>();
    let gets = 0;
    const store = scripted({ get: () => (++gets <= 2 ? answers.promise : Promise.resolve(undefined)) });
    const { auth, eventsOf } = attach(graphnet, { store });
    await auth.getToken();
    await until(() => store.kept.size === 1);
    // The turn is ended first, which would take the lease away again.
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(eventsOf('store-failed')).toEqual([{ type: 'store-failed', operation: 'get', reason: 'timeout' }]);
    answers.resolve(undefined);
    await new Promise((resolve) => setImmediate(resolve));
    expect([...store.kept.keys()].filter(isLease)).toEqual([]);
  });

  test('R30: a first look that took a while is taken again, for somebody may have taken the lease meanwhile', async () => {
    let gets = 0;
    const store = scripted({});
    store.get = async (key) => {
      if (++gets <= 2) {
        await new Promise((resolve) => setTimeout(resolve, 10));
        const found = store.kept.get(key);
        // Another process was quicker.
        if (isLease(key)) store.kept.set(key, 'lease:another');
        return found;
      }
      return store.kept.get(key);
    };
    const { api } = attach(graphnet, { store });
    const call = api.get('/');
    await until(() => gets >= 4);
    expect([...store.kept.values()]).toEqual(['lease:another']);
    expect(graphnet.tokenRequests).toHaveLength(0);
    store.kept.clear();
    await call;
    expect(graphnet.tokenRequests).toHaveLength(1);
  });

  test('invalidate() while the store is looked into: one token request', async () => {
    const found = deferred<undefined>();
    const store = scripted({ get: () => found.promise });
    const { auth } = attach(graphnet, { store });
    const first = auth.getToken();
    await new Promise((resolve) => setImmediate(resolve));
    auth.invalidate();
    found.resolve(undefined);
    await first;
    expect(graphnet.tokenRequests).toHaveLength(1);
  });

  test('a corrupt entry is reported once, however often it is looked at', async () => {
    const store = scripted({});
    store.get = (key) => Promise.resolve(isLease(key) ? 'lease:another' : 'garbage');
    const { api, eventsOf } = attach(graphnet, { store });
    const call = api.get('/');
    await until(() => eventsOf('store-failed').length > 0);
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(eventsOf('store-failed')).toHaveLength(1);
    store.get = () => Promise.resolve(undefined);
    await call;
  });

  test('a process whose token request fails gives its turn back', async () => {
    const keyv = new Keyv();
    const { auth } = attach(graphnet, { store: keyv, tokenRetry: { retries: 0 } });
    graphnet.onToken = (_, response) => response.writeHead(500).end() && undefined;
    await auth.getToken().catch(() => undefined);
    graphnet.onToken = undefined;
    const startedAt = performance.now();
    await attach(graphnet, { store: keyv }).auth.getToken();
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });
});
