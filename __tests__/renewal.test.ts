import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GraphnetAuthEvent } from '../lib/index.js';
import { attach } from './support/attached.js';
import { json, startGraphnet, type Graphnet } from './support/graphnet.js';
import { deferred } from './support/schedule.js';

let graphnet: Graphnet;
let startMs: number;
/** The time since the start, on both the machine's wall clock and the server's. */
let atMs: number;
beforeEach(async () => {
  graphnet = await startGraphnet();
  startMs = Math.ceil(Date.now() / 1000) * 1000;
  atMs = 0;
  jest.spyOn(Date, 'now').mockImplementation(() => startMs + atMs);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await graphnet.close();
});

const NO_RETRY = { tokenRetry: { retries: 0 } };
const DAY_S = 24 * 3600;
const failing: Graphnet['onToken'] = (_, response) => json(response, 503, {});

/** Real answers take a moment. */
async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1000 && !isSo(); tries++) await sleep(2);
  expect(isSo()).toBe(true);
}

const bearers = () =>
  graphnet.apiRequests.map(({ headers }) => graphnet.issued.indexOf(headers.authorization!.slice(7)));
const codeOf = (promise: Promise<unknown>) => promise.then(() => 'ok', ({ code }: { code: string }) => code); // prettier-ignore

describe('R5: renewal ahead', () => {
  test.each<[string, number, number]>([
    ['3 seconds: the last 20 %', 3, 600],
    ['an hour: the last 5 minutes', 3600, 300_000],
    ['40 days: the last 5 minutes', 40 * DAY_S, 300_000],
  ])('a life of %s; nobody waits for the answer', async (_, lifeSeconds, windowMs) => {
    graphnet.lifeSeconds = lifeSeconds;
    const { api, eventsOf } = attach(graphnet);
    await api.get('/');
    atMs = lifeSeconds * 1000 - windowMs - 50;
    await api.get('/');
    expect(graphnet.tokenRequests).toHaveLength(1);
    const mayAnswer = deferred<void>();
    graphnet.onToken = async (__, response) => {
      await mayAnswer.promise;
      json(response, 200, { token_type: 'Bearer', access_token: graphnet.issue() });
    };
    atMs += 100;
    await Promise.all(Array.from({ length: 20 }, () => api.get('/')));
    await until(() => graphnet.tokenRequests.length > 1);
    expect(bearers()).toEqual(Array(22).fill(0));
    mayAnswer.resolve();
    await until(() => eventsOf('token-received').length === 2);
    await api.get('/');
    expect(bearers().at(-1)).toBe(1);
    expect(graphnet.tokenRequests).toHaveLength(2);
  });

  test('R25, R26: one that fails is tried again after 1, 2, 4 s, and from 1 s again where callers want it; the old token is used to its last second', async () => {
    graphnet.lifeSeconds = 100;
    const { api, eventsOf } = attach(graphnet, NO_RETRY);
    await api.get('/');
    graphnet.onToken = failing;
    const failedAt: number[] = [];
    for (atMs = 79_500; atMs < 94_900; atMs += 500) {
      const isDue = [80_000, 81_000, 83_000, 87_000].includes(atMs);
      if (isDue) failedAt.push(atMs);
      expect(await codeOf(api.get('/'))).toBe('ok');
      await until(() => eventsOf('token-failed').length === failedAt.length);
      expect(graphnet.tokenRequests).toHaveLength(1 + failedAt.length);
    }
    for (atMs = 95_000; atMs < 103_000; atMs += 500) {
      if ([95_000, 96_000, 98_000, 102_000].includes(atMs)) failedAt.push(atMs);
      const isOver = atMs > 98_900;
      expect(await codeOf(api.get('/'))).toBe(isOver ? 'ERR_GRAPHNET_TOKEN_REQUEST' : 'ok');
      expect(graphnet.tokenRequests).toHaveLength(1 + failedAt.length);
    }
    expect(graphnet.apiRequests).toHaveLength(1 + (98_500 - 79_500) / 500 + 1);
    graphnet.onToken = undefined;
    atMs = 110_000;
    expect(await codeOf(api.get('/'))).toBe('ok');
    expect(bearers().at(-1)).toBe(1);
  });

  test('a gateway that answers with the same token as if it were new: no loop, and no new life', async () => {
    graphnet.lifeSeconds = 100;
    let cached: { body: object; date: string; expiresMs: number } | undefined;
    graphnet.onToken = (_, response) => {
      if (!cached || Date.now() >= cached.expiresMs) {
        const body = { token_type: 'Bearer', access_token: graphnet.issue() };
        cached = { body, date: new Date(Date.now()).toUTCString(), expiresMs: Date.now() + 100_000 };
      }
      json(response, 200, cached.body, { Date: cached.date });
    };
    const { api, eventsOf } = attach(graphnet);
    for (atMs = 0; atMs < 99_000; atMs += 500) {
      await api.get('/');
      if (atMs === 80_000) await until(() => eventsOf('token-received').length === 2);
      if (atMs === 95_500) await until(() => graphnet.tokenRequests.length >= 2);
    }
    // At 80 % of its life, at 80 % of the rest, and so on.
    expect(graphnet.tokenRequests.length).toBeLessThanOrEqual(5);
    atMs = 100_001;
    await api.get('/');
    expect(new Set(bearers())).toEqual(new Set([0, 1]));
    expect(bearers().at(-1)).toBe(1);
    expect(graphnet.apiRequests).toHaveLength(199);
  });

  test('an opaque token that the server gives another life once it is over', async () => {
    graphnet.onToken = (_, response) =>
      json(response, 200, { token_type: 'Bearer', access_token: 'opaque', expires_in: 100 });
    graphnet.onUnauthorized = (_, response) => json(response, 200, {});
    const { api } = attach(graphnet);
    for (atMs = 0; atMs < 300_000; atMs += 1000) expect(await codeOf(api.get('/'))).toBe('ok');
    expect(graphnet.tokenRequests.length).toBeLessThanOrEqual(3 * 5);
  });
});

describe('R4: a token answer that takes longer than the token lives', () => {
  const slow = (times: number): Graphnet['onToken'] => (_, response) => {
    const access_token = graphnet.issue();
    if (graphnet.issued.length <= times) atMs += 3500;
    json(response, 200, { token_type: 'Bearer', access_token });
  }; // prettier-ignore

  test('once: another is asked for', async () => {
    graphnet.lifeSeconds = 3;
    const { api } = attach(graphnet);
    graphnet.onToken = slow(1);
    expect(await codeOf(api.get('/'))).toBe('ok');
    expect(bearers()).toEqual([1]);
  });

  test('always: the caller is told, and no request arrives with an expired token', async () => {
    graphnet.lifeSeconds = 3;
    const { api } = attach(graphnet);
    graphnet.onToken = slow(Infinity);
    expect(await codeOf(api.get('/'))).toBe('ERR_GRAPHNET_TOKEN_RESPONSE');
    expect(graphnet.apiRequests).toEqual([]);
  });
});

describe('a token request whose token nobody wants any more', () => {
  /** A token endpoint that hangs once; resolves when it is asked, and when that request is over. */
  function hangOnce() {
    const [asked, left] = [deferred<void>(), deferred<void>()];
    graphnet.onToken = (_, response) => {
      graphnet.onToken = undefined;
      response.on('close', left.resolve);
      asked.resolve();
    };
    return { asked: asked.promise, left: left.promise };
  }

  test('R25: invalidate() ends it, and who waits is answered by the next', async () => {
    const { api, auth, eventsOf } = attach(graphnet);
    const hanging = hangOnce();
    const call = api.get('/');
    await hanging.asked;
    auth.invalidate();
    expect(await codeOf(call)).toBe('ok');
    await hanging.left;
    expect(graphnet.tokenRequests).toHaveLength(2);
    expect(eventsOf('token-failed')).toEqual([]);
  });

  test('R2: callers that wait behind one invalidation each: one token request for all', async () => {
    const { auth } = attach(graphnet);
    const hanging = hangOnce();
    const callers = [auth.getToken()];
    await hanging.asked;
    for (let times = 0; times < 3; times++) {
      auth.invalidate();
      callers.push(auth.getToken());
    }
    const values = (await Promise.all(callers)).map(({ value }) => value);
    expect(new Set(values).size).toBe(1);
    expect(graphnet.tokenRequests).toHaveLength(2);
  });

  test('R6: a 401 ends a renewal that hangs', async () => {
    graphnet.lifeSeconds = 100;
    const { api } = attach(graphnet);
    await api.get('/');
    const hanging = hangOnce();
    atMs = 85_000;
    await api.get('/');
    await hanging.asked;
    graphnet.revokeAll();
    expect(await codeOf(api.get('/'))).toBe('ok');
    await hanging.left;
    expect(bearers()).toEqual([0, 0, 0, 1]);
  });
});

describe('R26: a token that the API has rejected', () => {
  test('in the midst of a failing renewal: everybody gets the failure, and nobody the token, also later', async () => {
    graphnet.lifeSeconds = 100;
    const { api, auth, eventsOf } = attach(graphnet, NO_RETRY);
    await api.get('/');
    graphnet.onToken = failing;
    atMs = 85_000;
    await api.get('/');
    await until(() => eventsOf('token-failed').length === 1);
    graphnet.revokeAll();
    const codes = await Promise.all(Array.from({ length: 10 }, () => codeOf(api.get('/'))));
    expect(codes).toEqual(Array(10).fill('ERR_GRAPHNET_TOKEN_REQUEST'));
    const rejected = graphnet.apiRequests.length;
    for (const waitMs of [500, 600, 2100]) {
      atMs += waitMs;
      expect(await codeOf(api.get('/'))).toBe('ERR_GRAPHNET_TOKEN_REQUEST');
    }
    graphnet.onToken = undefined;
    auth.invalidate();
    expect(await codeOf(api.get('/'))).toBe('ok');
    expect(bearers().slice(rejected)).toEqual([1]);
  });
});

describe('R27: a listener that fails at every event', () => {
  test.each<[string, () => unknown]>([
    ['throws', () => { throw new Error('listener'); }],
    ['rejects', () => Promise.reject(new Error('listener'))],
    ['answers with a broken promise', () => ({ get then() { throw new Error('listener'); } })],
  ])('%s: all goes as without', async (_, fail) => {
    graphnet.lifeSeconds = 100;
    const seen = new Set<GraphnetAuthEvent['type']>();
    const onEvent = (event: GraphnetAuthEvent) => (seen.add(event.type), fail()) as undefined;
    const { api } = attach(graphnet, { ...NO_RETRY, onEvent });
    graphnet.onApi = ({ url }, response) =>
      json(response, Number(url.slice(1)), {}, url === '/401' ? { 'WWW-Authenticate': 'Basic' } : {});
    expect(await codeOf(api.get('/200'))).toBe('ok');
    graphnet.revokeAll();
    expect(await codeOf(api.get('/200'))).toBe('ok');
    for (const path of ['/401', '/403']) expect(await codeOf(api.get(path))).toBe('ERR_BAD_REQUEST');
    graphnet.onToken = failing;
    atMs = 85_000;
    expect(await codeOf(api.get('/200'))).toBe('ok');
    await until(() => seen.has('token-failed'));
    graphnet.revokeAll();
    expect(await codeOf(api.get('/200'))).toBe('ERR_GRAPHNET_TOKEN_REQUEST');
    expect([...seen].sort()).toEqual(['forbidden', 'other-challenge', 'replayed', 'token-discarded', 'token-failed', 'token-received']);
  }); // prettier-ignore
});

describe('R30: a process of a fleet renews at a point of its own', () => {
  const store = () => {
    const kept = new Map<string, string>();
    return {
      get: (key: string) => Promise.resolve(kept.get(key)),
      set: (key: string, value: string) => Promise.resolve(kept.set(key, value)),
      delete: (key: string) => Promise.resolve(kept.delete(key)),
    };
  };

  // Of a life of 100 s the window is 80 to 100 s, of which the last 5 s are no longer sent.
  test.each([
    [0, 80_000],
    [0.5, 86_000],
    [0.999, 92_000],
  ])('by its chance of %d after %d ms, also with a token out of the store', async (chance, dueMs) => {
    jest.spyOn(Math, 'random').mockReturnValue(chance);
    graphnet.lifeSeconds = 100;
    const shared = store();
    const writer = attach(graphnet, { store: shared });
    await writer.api.get('/');
    const reader = attach(graphnet, { store: shared });
    await reader.api.get('/');
    expect(graphnet.tokenRequests).toHaveLength(1);
    for (const { api, eventsOf } of [reader, writer]) {
      atMs = dueMs - 100;
      await api.get('/');
      expect(eventsOf('token-received')).toHaveLength(1);
      await sleep(20);
      expect(eventsOf('token-received')).toHaveLength(1);
      atMs = dueMs + 100;
      await api.get('/');
      await until(() => eventsOf('token-received').length === 2);
    }
    expect(graphnet.tokenRequests).toHaveLength(2);
  });

  test('alone, at the beginning of the window', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(0.999);
    graphnet.lifeSeconds = 100;
    const { api, eventsOf } = attach(graphnet);
    await api.get('/');
    atMs = 80_100;
    await api.get('/');
    await until(() => eventsOf('token-received').length === 2);
  });
});

describe('R25: what resets the pause of renewals', () => {
  test.each(['a success', 'invalidate()'])('%s', async (by) => {
    graphnet.lifeSeconds = 100;
    const { api, auth, eventsOf } = attach(graphnet, NO_RETRY);
    await api.get('/');
    graphnet.onToken = failing;
    for (atMs of [80_500, 81_600]) {
      await api.get('/');
      await until(() => eventsOf('token-failed').length === (atMs === 80_500 ? 1 : 2));
    }
    graphnet.onToken = undefined;
    atMs = 84_000;
    if (by === 'invalidate()') auth.invalidate();
    await api.get('/');
    await until(() => eventsOf('token-received').length === 2);
    graphnet.onToken = failing;
    for (const [dueMs, failures] of [[84_000 + 80_500, 3], [84_000 + 81_600, 4]] as const) {
      atMs = dueMs;
      await api.get('/');
      await until(() => eventsOf('token-failed').length === failures);
    }
  }); // prettier-ignore

  test('a success, where callers had none', async () => {
    graphnet.lifeSeconds = 100;
    const { api } = attach(graphnet, NO_RETRY);
    graphnet.onToken = failing;
    for (atMs of [0, 1100]) expect(await codeOf(api.get('/'))).toBe('ERR_GRAPHNET_TOKEN_REQUEST');
    graphnet.onToken = undefined;
    atMs = 3200;
    expect(await codeOf(api.get('/'))).toBe('ok');
    graphnet.onToken = failing;
    graphnet.revokeAll();
    const asked = graphnet.tokenRequests.length;
    for (atMs of [10_000, 11_100]) expect(await codeOf(api.get('/'))).toBe('ERR_GRAPHNET_TOKEN_REQUEST');
    expect(graphnet.tokenRequests).toHaveLength(asked + 2);
  });
});

test('events say when a token expires, and why there is none', async () => {
  const { api, auth, events } = attach(graphnet, NO_RETRY);
  const { expiresAt } = await auth.getToken();
  graphnet.onToken = failing;
  auth.invalidate();
  await codeOf(api.get('/'));
  expect(events).toEqual([
    { type: 'token-received', source: 'endpoint', expiresAt },
    { type: 'token-discarded', cause: 'invalidate' },
    { type: 'token-failed', code: 'ERR_GRAPHNET_TOKEN_REQUEST', status: 503 },
  ]);
});

describe('R4: how long a token has yet to live', () => {
  const respond = (response: Parameters<NonNullable<Graphnet['onToken']>>[1], skewMs = 0) => {
    const iat = Math.floor((Date.now() + skewMs) / 1000);
    const access_token = graphnet.issue({ iat, exp: iat + graphnet.lifeSeconds });
    json(response, 200, { token_type: 'Bearer', access_token }, { Date: new Date(Date.now() + skewMs).toUTCString() });
  };

  test('an answer that takes its time is no sign of clocks that differ', async () => {
    graphnet.lifeSeconds = 20;
    graphnet.onToken = (_, response) => {
      atMs = 5000;
      respond(response);
    };
    const { api } = attach(graphnet);
    await api.get('/');
    graphnet.onToken = (_, response) => respond(response);
    // 80 % of the 25 s since it was asked for.
    atMs = 19_500;
    await api.get('/');
    await sleep(20);
    expect(graphnet.tokenRequests).toHaveLength(1);
    atMs = 20_500;
    await api.get('/');
    await until(() => graphnet.tokenRequests.length === 2);
  });

  test('counts from the try that was answered, not from the first', async () => {
    graphnet.lifeSeconds = 20;
    graphnet.onToken = (_, response) => {
      atMs = 5000;
      graphnet.onToken = (__, second) => respond(second, 3_600_000);
      json(response, 503, {});
    };
    const { api } = attach(graphnet, { tokenRetry: { retryDelay: () => 1 } });
    graphnet.onUnauthorized = (_, response) => json(response, 200, {});
    await api.get('/');
    expect(graphnet.tokenRequests).toHaveLength(2);
    // 80 % of the 19 s that are sure, on a server whose clock is an hour ahead.
    atMs = 5000 + 15_000;
    await api.get('/');
    await sleep(20);
    expect(graphnet.tokenRequests).toHaveLength(2);
    atMs = 5000 + 15_400;
    await api.get('/');
    await until(() => graphnet.tokenRequests.length === 3);
  });

  test('a token that is issued again with less to live has less to live', async () => {
    let expires_in = 100;
    graphnet.onToken = (_, response) =>
      json(response, 200, { token_type: 'Bearer', access_token: 'opaque', expires_in });
    const { auth } = attach(graphnet);
    await auth.getToken();
    expires_in = 10;
    auth.invalidate();
    await auth.getToken();
    expect(graphnet.tokenRequests).toHaveLength(2);
    atMs = 9900;
    expires_in = 100;
    await auth.getToken();
    expect(graphnet.tokenRequests.length).toBeGreaterThan(2);
  });
});

test('R30: a process does not take its own old token out of the store for a newer one, whose clocks do not quite agree', async () => {
  const { now } = performance;
  jest.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + atMs * 1.001);
  const kept = new Map<string, string>();
  const store = {
    get: (key: string) => Promise.resolve(kept.get(key)),
    set: (key: string, value: string) => Promise.resolve(kept.set(key, value)),
    delete: (key: string) => Promise.resolve(kept.delete(key)),
  };
  jest.spyOn(Math, 'random').mockReturnValue(0);
  graphnet.lifeSeconds = 100;
  const { api, eventsOf } = attach(graphnet, { store });
  await api.get('/');
  await until(() => kept.size === 1);
  atMs = 85_000;
  await api.get('/');
  await until(() => eventsOf('token-received').length === 2);
  expect(graphnet.tokenRequests).toHaveLength(2);
});
