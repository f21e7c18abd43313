import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { isAxiosError, type AxiosError } from 'axios';
import { isGraphnetAuthError, type GraphnetAuthError } from '../lib/index.js';
import { attach } from './support/attached.js';
import { json, startGraphnet, type Graphnet } from './support/graphnet.js';

type Parser = (data: string) => number;

let graphnet: Graphnet;
beforeEach(async () => {
  graphnet = await startGraphnet();
});
afterEach(() => graphnet.close());

const many = <T>(count: number, work: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));

const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error('it should have failed');
    },
    (error: unknown) => error as GraphnetAuthError & AxiosError,
  );

describe('one token for many requests', () => {
  test('R1: every request carries the token, whatever its method', async () => {
    const { api } = attach(graphnet);
    await api.get('/Patient');
    await api.post('/Patient', { resourceType: 'Patient' });
    await api.put('/Patient/1', '<Patient/>');
    await api.delete('/Patient/1');
    const sent = graphnet.apiRequests.map((request) => request.headers.authorization);
    expect(sent).toEqual(Array(4).fill(`Bearer ${graphnet.issued[0]}`));
  });

  test('section 1: the token request is the documented one', async () => {
    const { api } = attach(graphnet, { clientSecret: 'a b&c=d+é' });
    await api.get('/Patient');
    const [request] = graphnet.tokenRequests;
    expect(request).toMatchObject({ method: 'POST', url: '/oauth/token' });
    expect(request!.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(Object.fromEntries(new URLSearchParams(request!.body.toString()))).toEqual({
      grant_type: 'client_credentials',
      client_id: 'trust-a',
      client_secret: 'a b&c=d+é',
    });
  });

  test('R2: 100 concurrent cold calls make one token request', async () => {
    const { api } = attach(graphnet);
    await many(100, () => api.get('/Patient'));
    expect(graphnet.tokenRequests).toHaveLength(1);
    expect(graphnet.apiRequests).toHaveLength(100);
  });

  test('R2: if the token request fails, all callers fail alike, and the failure is not kept as a value', async () => {
    const { api, auth } = attach(graphnet, { tokenRetry: { retries: 0 } });
    graphnet.onToken = (_, response) => json(response, 500, {});
    const failures = await many(20, () => failureOf(api.get('/Patient')));
    expect(new Set(failures.map(({ code, message }) => `${code} ${message}`)).size).toBe(1);
    expect(failures[0]).toMatchObject({ code: 'ERR_GRAPHNET_TOKEN_REQUEST', status: 500 });
    expect(graphnet.tokenRequests).toHaveLength(1);
    graphnet.onToken = undefined;
    auth.invalidate();
    await expect(api.get('/Patient')).resolves.toMatchObject({ status: 200 });
  });

  test('R3: a token is kept whatever the API answers other than 401', async () => {
    const { api } = attach(graphnet, {}, { validateStatus: () => true });
    for (const status of [200, 204, 400, 403, 404, 429, 500, 503]) {
      graphnet.onApi = (_, response) => response.writeHead(status).end() && undefined;
      expect((await api.get('/Patient')).status).toBe(status);
    }
    expect(graphnet.tokenRequests).toHaveLength(1);
  });
});

describe('a 401', () => {
  test('R6: 500 requests rejected together cause one token request and 500 replays', async () => {
    const { api } = attach(graphnet);
    await api.get('/Patient');
    graphnet.revokeAll();
    const answers = await many(500, (index) => api.post('/Patient', { index }));
    expect(answers.map(({ data }) => JSON.parse((data as { body: string }).body) as unknown)).toEqual(
      answers.map((_, index) => ({ index })),
    );
    expect(graphnet.tokenRequests).toHaveLength(2);
    expect(graphnet.apiRequests).toHaveLength(1 + 500 + 500);
  });

  test('R6: the late 401 of an older token does not discard the current one', async () => {
    const { api } = attach(graphnet);
    await api.get('/Patient');
    graphnet.revokeAll();
    let releaseLate = () => undefined as void;
    const late = new Promise<void>((resolve) => (releaseLate = resolve));
    graphnet.onUnauthorized = async (received, response) => {
      if (received.url === '/late') await late;
      json(response, 401, {});
    };
    const slow = api.get('/late');
    await api.get('/Patient');
    releaseLate();
    await slow;
    expect(graphnet.tokenRequests).toHaveLength(2);
  });

  test.each([
    ['alone', (parse: Parser) => parse],
    ['in a list', (parse: Parser) => [parse]],
  ])('R6, R7: a parser of the app’s (%s) that throws at the body of a 401 hides it from nobody', async (_, given) => {
    const seen: unknown[] = [];
    const parse = (data: string) => {
      seen.push(data);
      if (!data.startsWith('<')) throw new SyntaxError('not XML');
      return data.length;
    };
    const { api, auth } = attach(graphnet, {}, { transformResponse: given(parse) });
    graphnet.onApi = (_, response) => void response.end('<Patient/>');
    await auth.getToken();
    graphnet.revokeAll();
    const answer = await api.get('/Patient');
    expect(answer.data).toBe(10);
    expect(seen).toEqual(['{"message":"token refused"}', '<Patient/>']);
    await api.request(answer.config);
    expect(seen).toHaveLength(3);
    graphnet.onApi = (_, response) => void response.writeHead(401).end('no');
    expect(await failureOf(api.get('/Patient'))).toMatchObject({ response: { status: 401, data: 'no' } });
    graphnet.onApi = (_, response) => void response.writeHead(500).end('no');
    expect(await failureOf(api.get('/Patient'))).toBeInstanceOf(SyntaxError);
  });

  test('R13: the app’s own transformResponse works as ever: in order, on its config, told the status', async () => {
    const first = function (this: object, data: string, _: unknown, status: number) {
      return `${data.length} ${status} ${'url' in this}`;
    };
    const { api } = attach(graphnet, {}, { transformResponse: [first, (data: string) => `${data}!`] as never });
    graphnet.onApi = (_, response) => void response.end('<Patient/>');
    expect((await api.get('/Patient')).data).toBe('10 200 true!');
  });

  test('R10: a parser that throws at a 403 is heard', async () => {
    const { api } = attach(graphnet, {}, { transformResponse: [(data: string) => JSON.parse(data) as unknown] });
    graphnet.onApi = (_, response) => void response.writeHead(403).end('no');
    expect(await failureOf(api.get('/Patient'))).toBeInstanceOf(SyntaxError);
  });

  test.each([
    ['an error', undefined],
    ['an answer', null],
  ])('R7, R26: the token that a replay was rejected with, by %s, is not used again', async (_, validateStatus) => {
    const { api, eventsOf } = attach(graphnet, {}, validateStatus === null ? { validateStatus } : {});
    graphnet.onApi = (__, response) => json(response, 401, {});
    await api.get('/Patient').catch(() => undefined);
    expect(eventsOf('not-replayed')).toEqual([expect.objectContaining({ reason: 'already-replayed' })]);
    graphnet.onApi = undefined;
    await api.get('/Patient');
    const sent = graphnet.apiRequests.map(({ headers }) => headers.authorization!.slice('Bearer '.length));
    expect(sent).toEqual(graphnet.issued);
    expect(sent).toHaveLength(3);
  });

  test('a config without transformResponse stays so', async () => {
    const { api } = attach(graphnet, {}, { transformResponse: undefined as never });
    expect((await api.get<string>('/Patient', { transformResponse: null as never })).data).toMatch(/^\{/);
  });

  test('R7: a second 401 reaches the caller as the ordinary AxiosError', async () => {
    const { api, eventsOf } = attach(graphnet);
    graphnet.onApi = (_, response) => json(response, 401, { why: 'not you' });
    const error = await failureOf(api.get('/Patient'));
    expect(isAxiosError(error)).toBe(true);
    expect(error.response).toMatchObject({ status: 401, data: { why: 'not you' } });
    expect(graphnet.apiRequests).toHaveLength(2);
    expect(eventsOf('not-replayed')).toEqual([expect.objectContaining({ reason: 'already-replayed' })]);
  });

  test('R6: the config of a healed call, sent again by the app, is a call of its own', async () => {
    const { api } = attach(graphnet);
    const { config } = await api.get('/Patient');
    for (let revocations = 0; revocations < 2; revocations++) {
      graphnet.revokeAll();
      await expect(api.request(config)).resolves.toMatchObject({ status: 200 });
    }
  });

  test('R8: a 401 that asks for the subscription key is passed on and says so', async () => {
    const { api, eventsOf } = attach(graphnet);
    const challenge = 'AzureApiManagementKey realm="https://api",name="Ocp-Apim-Subscription-Key",type="header"';
    graphnet.onApi = (_, response) => json(response, 401, {}, { 'WWW-Authenticate': challenge });
    expect((await failureOf(api.get('/Patient'))).response?.status).toBe(401);
    expect(graphnet.apiRequests).toHaveLength(1);
    expect(graphnet.tokenRequests).toHaveLength(1);
    expect(eventsOf('other-challenge')).toEqual([
      { type: 'other-challenge', schemes: ['AzureApiManagementKey'], method: 'GET', origin: graphnet.origin },
    ]);
  });

  test('R10: a 403 changes nothing, and the event names the claims of the token', async () => {
    const { api, eventsOf } = attach(graphnet);
    graphnet.onApi = (_, response) => json(response, 403, {});
    await failureOf(api.get('/Patient?identifier=9000000009'));
    await failureOf(api.get('/Patient'));
    expect(graphnet.tokenRequests).toHaveLength(1);
    expect(graphnet.apiRequests).toHaveLength(2);
    expect(eventsOf('forbidden')[0]).toEqual({
      type: 'forbidden',
      claims: ['iat', 'exp', 'jti', 'apis'],
      method: 'GET',
      origin: graphnet.origin,
    });
  });

  test('R26: if the token request after a 401 fails, the caller gets that failure, and the token is not used again', async () => {
    const { api } = attach(graphnet, { tokenRetry: { retries: 0 } });
    await api.get('/Patient');
    graphnet.revokeAll();
    graphnet.onToken = (_, response) => json(response, 503, {});
    expect(isGraphnetAuthError(await failureOf(api.get('/Patient')))).toBe(true);
    expect(isGraphnetAuthError(await failureOf(api.get('/Patient')))).toBe(true);
    expect(graphnet.apiRequests).toHaveLength(2);
  });

  test('R7: a server that issues the rejected token again: one replay, then the 401', async () => {
    const { api } = attach(graphnet);
    const token = graphnet.issue();
    graphnet.revokeAll();
    graphnet.onToken = (_, response) => json(response, 200, { token_type: 'Bearer', access_token: token });
    expect((await failureOf(api.get('/Patient'))).response?.status).toBe(401);
    expect(graphnet.apiRequests).toHaveLength(2);
  });
});

describe('the handle', () => {
  test('getToken gives the token that requests carry, with its claims and expiry', async () => {
    const { api, auth } = attach(graphnet);
    const token = await auth.getToken();
    await api.get('/Patient');
    expect(graphnet.apiRequests[0]!.headers.authorization).toBe(`Bearer ${token.value}`);
    expect(token.claims).toMatchObject({ apis: ['Patient'] });
    expect(token.expiresAt.getTime()).toBe(token.claims.exp! * 1000);
    expect(graphnet.tokenRequests).toHaveLength(1);
  });

  test('invalidate discards the current token', async () => {
    const { api, auth, eventsOf } = attach(graphnet);
    await api.get('/Patient');
    auth.invalidate();
    await api.get('/Patient');
    expect(graphnet.tokenRequests).toHaveLength(2);
    expect(graphnet.apiRequests[1]!.headers.authorization).toBe(`Bearer ${graphnet.issued[1]}`);
    expect(eventsOf('token-discarded')).toEqual([{ type: 'token-discarded', cause: 'invalidate' }]);
  });

  test('invalidate as often as one likes: each time a new token', async () => {
    const { auth } = attach(graphnet);
    for (let round = 0; round < 12; round++) {
      await auth.getToken();
      auth.invalidate();
      auth.invalidate();
    }
    expect(graphnet.tokenRequests).toHaveLength(12);
  });

  test('detach takes the interceptors off, as often as it is called', async () => {
    const { api, auth } = attach(graphnet);
    auth.detach();
    auth.detach();
    expect((await failureOf(api.get('/Patient'))).response?.status).toBe(401);
    expect(graphnet.tokenRequests).toHaveLength(0);
  });

  test('section 2: a handle shares its token with another instance; each detaches alone', async () => {
    const first = attach(graphnet);
    const second = attach(graphnet);
    const { attachGraphnetAuth } = await import('../lib/index.js');
    const shared = attachGraphnetAuth(second.api, first.auth);
    await first.api.get('/Patient');
    await second.api.get('/Patient');
    expect(graphnet.tokenRequests).toHaveLength(1);
    first.auth.detach();
    await second.api.get('/Patient');
    expect(graphnet.tokenRequests).toHaveLength(1);
    shared.detach();
    expect((await failureOf(second.api.get('/Patient'))).response?.status).toBe(401);
  });

  test('R16: attaching again replaces the earlier attachment', async () => {
    const { api, auth } = attach(graphnet);
    const { attachGraphnetAuth } = await import('../lib/index.js');
    attachGraphnetAuth(api, { ...graphnet.credentials, clientId: 'trust-b' });
    await api.get('/Patient');
    expect(graphnet.apiRequests).toHaveLength(1);
    expect(graphnet.tokenRequests).toHaveLength(1);
    expect(graphnet.tokenRequests[0]!.body.toString()).toContain('client_id=trust-b');
    auth.detach();
    await api.get('/Patient');
    expect(graphnet.apiRequests).toHaveLength(2);
  });
});
