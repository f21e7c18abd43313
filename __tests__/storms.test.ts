import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { attach } from './support/attached.js';
import { json, startGraphnet, type Graphnet } from './support/graphnet.js';

let graphnet: Graphnet;
let aheadMs: number;
const { now } = Date;
beforeEach(async () => {
  graphnet = await startGraphnet();
  aheadMs = 0;
  jest.spyOn(Date, 'now').mockImplementation(() => now() + aheadMs);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await graphnet.close();
});

describe('R9: 401 storms', () => {
  test('an API that answers 401 to everything: 5 token requests in a minute, then the 401 is passed on', async () => {
    const { api, eventsOf } = attach(graphnet, {}, { validateStatus: () => true });
    graphnet.onApi = (_, response) => json(response, 401, {});
    for (let calls = 0; calls < 200; calls++) expect((await api.get('/')).status).toBe(401);
    await Promise.all(Array.from({ length: 800 }, () => api.get('/')));
    expect(graphnet.tokenRequests).toHaveLength(1 + 5);
    expect(graphnet.apiRequests.length).toBeLessThanOrEqual(1000 + 5);
    expect(eventsOf('not-replayed').at(-1)).toMatchObject({ reason: 'storm-limit' });
    aheadMs = 61_000;
    await api.get('/');
    expect(graphnet.tokenRequests.length).toBeGreaterThan(6);
  });

  test('what counts is when a token is asked for, not when the 401 came', async () => {
    const { api } = attach(graphnet, {}, { validateStatus: () => true });
    graphnet.onApi = (_, response) => json(response, 401, {});
    const askedAtMs: number[] = [];
    for (const atMs of [0, 59_900, 60_000, 60_000, 60_000, 60_000]) {
      aheadMs = atMs;
      await api.get('/');
      while (askedAtMs.length < graphnet.tokenRequests.length) askedAtMs.push(atMs);
    }
    expect(askedAtMs.filter((atMs) => atMs > 0).length).toBeLessThanOrEqual(5);
  });

  test('one bad path among good ones: the good ones never fail', async () => {
    const { api } = attach(graphnet);
    graphnet.onApi = ({ url }, response) => json(response, url === '/bad' ? 401 : 200, {});
    const outcomes = await Promise.all(
      Array.from({ length: 300 }, (_, index) => api.get(index % 3 === 0 ? '/bad' : '/good').then(() => 'ok', () => 'failed')),
    ); // prettier-ignore
    expect(outcomes.filter((_, index) => index % 3 !== 0)).toEqual(Array(200).fill('ok'));
    expect(graphnet.tokenRequests.length).toBeLessThanOrEqual(6);
  });

  test('the first three revocations are all healed, however close together', async () => {
    const { api } = attach(graphnet);
    await api.get('/');
    for (let revocation = 0; revocation < 3; revocation++) {
      graphnet.revokeAll();
      const answers = await Promise.all(Array.from({ length: 50 }, () => api.get('/')));
      expect(answers.every(({ status }) => status === 200)).toBe(true);
    }
    expect(graphnet.tokenRequests).toHaveLength(4);
  });
});

describe('R5: renewal ahead', () => {
  test('requests go on with the current token while one renewal runs behind them', async () => {
    graphnet.lifeSeconds = 100;
    const { api } = attach(graphnet);
    await api.get('/');
    aheadMs = 79_000 - 1000;
    await api.get('/');
    expect(graphnet.tokenRequests).toHaveLength(1);
    let answer = () => undefined as void;
    const mayAnswer = new Promise<void>((resolve) => (answer = resolve));
    graphnet.onToken = async (_, response) => {
      await mayAnswer;
      json(response, 200, { token_type: 'Bearer', access_token: graphnet.issue() });
    };
    aheadMs = 82_000;
    await Promise.all(Array.from({ length: 20 }, () => api.get('/')));
    while (graphnet.tokenRequests.length < 2) await api.get('/');
    expect(graphnet.apiRequests.every(({ headers }) => headers.authorization === `Bearer ${graphnet.issued[0]}`)).toBe(
      true,
    );
    answer();
    while (graphnet.apiRequests.at(-1)!.headers.authorization !== `Bearer ${graphnet.issued[1]}`) await api.get('/');
    expect(graphnet.tokenRequests).toHaveLength(2);
  });

  test('a server that issues the same token until it expires causes no loop, and no request arrives expired', async () => {
    jest.restoreAllMocks();
    let current = '';
    let expiresAtMs = 0;
    graphnet.onToken = (_, response) => {
      if (Date.now() >= expiresAtMs) {
        current = graphnet.issue({ exp: Math.floor(Date.now() / 1000) + 3 });
        expiresAtMs = (Math.floor(Date.now() / 1000) + 3) * 1000;
      }
      json(response, 200, { token_type: 'Bearer', access_token: current });
    };
    const { api } = attach(graphnet);
    const end = Date.now() + 7000;
    while (Date.now() < end) {
      await Promise.all([api.get('/'), new Promise((resolve) => setTimeout(resolve, 10))]);
    }
    const lives = graphnet.issued.length;
    const expired = graphnet.apiRequests.length - graphnet.apiRequests.filter(({ headers, at }) => {
      const [, payload] = headers.authorization!.split('.');
      return at < (JSON.parse(Buffer.from(payload!, 'base64url').toString()) as { exp: number }).exp * 1000;
    }).length; // prettier-ignore
    expect(expired).toBe(0);
    expect(graphnet.tokenRequests.length).toBeLessThanOrEqual(lives * 8);
  });
});

describe('R27: what the app’s listener does', () => {
  test('invalidates at every failure: the callers get the failure all the same, and nothing is asked for ever', async () => {
    const { api, auth } = attach(graphnet, {
      tokenRetry: { retries: 0 },
      onEvent: ({ type }) => void (type === 'token-failed' && auth.invalidate()),
    });
    graphnet.onToken = (_, response) => json(response, 503, {});
    await expect(api.get('/')).rejects.toMatchObject({ code: 'ERR_GRAPHNET_TOKEN_REQUEST' });
    expect(graphnet.tokenRequests).toHaveLength(1);
  });

  const listeners: [string, () => unknown][] = [
    [
      'throws',
      () => {
        throw new Error('listener');
      },
    ],
    ['rejects', () => Promise.reject(new Error('listener'))],
  ];
  test.each(listeners)('%s: no request fails, and nothing is unhandled', async (_, onEvent) => {
    const { api } = attach(graphnet, { onEvent });
    await expect(api.get('/')).resolves.toMatchObject({ status: 200 });
    await new Promise((resolve) => setImmediate(resolve));
  }); // prettier-ignore
});

describe('R9: the minute', () => {
  test('is a whole one, and what was passed on meanwhile does not make it longer', async () => {
    const { api } = attach(graphnet, {}, { validateStatus: () => true });
    graphnet.onApi = (_, response) => json(response, 401, {});
    for (let calls = 0; calls < 10; calls++) await api.get('/');
    expect(graphnet.tokenRequests).toHaveLength(1 + 5);
    for (aheadMs of [30_000, 58_000]) {
      for (let calls = 0; calls < 10; calls++) await api.get('/');
      expect(graphnet.tokenRequests).toHaveLength(1 + 5);
    }
    aheadMs = 61_000;
    graphnet.onApi = undefined;
    graphnet.revokeAll();
    expect((await api.get('/')).status).toBe(200);
  });
});
