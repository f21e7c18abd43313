import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import axios, { type AxiosRequestConfig } from 'axios';
import { getEventListeners } from 'node:events';
import { inspect } from 'node:util';
import { attach } from './support/attached.js';
import { json, startGraphnet, type Graphnet } from './support/graphnet.js';

let graphnet: Graphnet;
let answerToken: () => void;
let tokenAsked: Promise<void>;
beforeEach(async () => {
  graphnet = await startGraphnet();
  const mayAnswer = new Promise<void>((resolve) => (answerToken = resolve));
  tokenAsked = new Promise((resolve) => {
    graphnet.onToken = async (_, response) => {
      resolve();
      await mayAnswer;
      json(response, 200, { token_type: 'Bearer', access_token: graphnet.issue() });
    };
  });
});
afterEach(() => graphnet.close());

const source = () => {
  const controller = new AbortController();
  const { token, cancel } = axios.CancelToken.source();
  return { controller, token, cancel };
};

describe('R14: a caller that leaves while it waits for a token', () => {
  test.each<[string, (leaving: ReturnType<typeof source>) => AxiosRequestConfig, object]>([
    ['by signal', ({ controller }) => ({ signal: controller.signal }), { code: 'ERR_CANCELED', name: 'CanceledError' }],
    ['by cancelToken', ({ token }) => ({ cancelToken: token }), { code: 'ERR_CANCELED', message: 'enough' }],
    ['by timeout', () => ({ timeout: 20 }), { code: 'ECONNABORTED', message: 'timeout of 20ms exceeded' }],
    [
      'by timeout, in words of the app',
      () => ({ timeout: 20, timeoutErrorMessage: 'too slow', transitional: { clarifyTimeoutError: true } }),
      { code: 'ETIMEDOUT', message: 'too slow' },
    ],
  ])('%s: axios’s own error at once, and the others get the token', async (_, config, expected) => {
    const { api } = attach(graphnet);
    const leaving = source();
    const left = api.get('/left', config(leaving)).catch((reason: unknown) => reason);
    const stays = api.get('/stays', { timeout: 10_000, signal: new AbortController().signal });
    await tokenAsked;
    leaving.controller.abort();
    leaving.cancel('enough');
    const error = await left;
    expect(axios.isAxiosError(error)).toBe(true);
    expect(error).toMatchObject(expected);
    answerToken();
    await expect(stays).resolves.toMatchObject({ status: 200 });
    expect(graphnet.tokenRequests).toHaveLength(1);
    expect(graphnet.apiRequests.map(({ url }) => url)).toEqual(['/stays']);
  });

  test('before it has begun: no token request at all', async () => {
    const { api } = attach(graphnet);
    const leaving = source();
    leaving.controller.abort();
    leaving.cancel();
    await expect(api.get('/', { signal: leaving.controller.signal })).rejects.toMatchObject({ code: 'ERR_CANCELED' });
    await expect(api.get('/', { cancelToken: leaving.token })).rejects.toMatchObject({ code: 'ERR_CANCELED' });
    expect(graphnet.tokenRequests).toHaveLength(0);
  });

  test('during a replay', async () => {
    const { api } = attach(graphnet);
    answerToken();
    await api.get('/');
    graphnet.revokeAll();
    let asked = () => undefined as void;
    const askedAgain = new Promise<void>((resolve) => (asked = resolve));
    let answerAgain = () => undefined as void;
    graphnet.onToken = async (_, response) => {
      asked();
      await new Promise<void>((resolve) => (answerAgain = resolve));
      json(response, 200, { token_type: 'Bearer', access_token: graphnet.issue() });
    };
    const { controller } = source();
    const left = api.get('/left', { signal: controller.signal }).catch((reason: unknown) => reason);
    const stays = api.get('/stays');
    await askedAgain;
    controller.abort();
    expect(await left).toMatchObject({ code: 'ERR_CANCELED' });
    answerAgain();
    await expect(stays).resolves.toMatchObject({ status: 200 });
    expect(graphnet.apiRequests.filter(({ url }) => url === '/left')).toHaveLength(1);
  });

  test('R20: by timeout, during the wait for another token: the error holds no token', async () => {
    const { api, auth } = attach(graphnet);
    graphnet.onToken = undefined;
    const { value } = await auth.getToken();
    graphnet.revokeAll();
    graphnet.onToken = () => undefined;
    const error: unknown = await api.get('/left', { timeout: 50 }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'ECONNABORTED' });
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain(value);
    auth.invalidate();
  });

  test.each(['signal', 'cancelToken'] as const)(
    'by %s, after the 401 and before the wait for another token: at once, and no replay is reported',
    async (by) => {
      const leaving = source();
      const leave = (type: string) => {
        if (type !== 'token-discarded') return;
        leaving.controller.abort();
        leaving.cancel('enough');
      };
      const events: string[] = [];
      const { api, auth } = attach(graphnet, { onEvent: ({ type }) => (events.push(type), leave(type)) });
      graphnet.onToken = undefined;
      await auth.getToken();
      graphnet.revokeAll();
      // It fails, too, which nobody hears of.
      graphnet.onToken = (_, response) => response.writeHead(400).end() && undefined;
      const config = { signal: { signal: leaving.controller.signal }, cancelToken: { cancelToken: leaving.token } }[by];
      await expect(api.get('/left', config)).rejects.toMatchObject({ code: 'ERR_CANCELED' });
      await expect(auth.getToken()).rejects.toMatchObject({ code: 'ERR_GRAPHNET_TOKEN_REQUEST' });
      expect(graphnet.apiRequests).toHaveLength(1);
      expect(events).not.toContain('replayed');
    },
  );

  test('a long-lived signal gathers no listeners', async () => {
    const { api, auth } = attach(graphnet);
    const { controller, token } = source();
    answerToken();
    for (let round = 0; round < 3; round++) {
      auth.invalidate();
      await api.get('/', { signal: controller.signal, cancelToken: token, timeout: 5000 });
    }
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    expect((token as unknown as { _listeners?: unknown[] })._listeners ?? []).toHaveLength(0);
  });

  test('a signal that is no EventTarget is looked at, and not listened to', async () => {
    const { api } = attach(
      graphnet,
      {},
      { adapter: (config) => axios.getAdapter('http')({ ...config, signal: undefined as never }) },
    );
    answerToken();
    await expect(api.get('/', { signal: { aborted: false } })).resolves.toMatchObject({ status: 200 });
  });
});
