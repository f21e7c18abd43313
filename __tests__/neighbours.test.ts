import 'reflect-metadata';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { HttpService } from '@nestjs/axios';
import axios, { type AxiosInstance } from 'axios';
import { setupCache } from 'axios-cache-interceptor';
import { wrapper } from 'axios-cookiejar-support';
import MockAdapter from 'axios-mock-adapter';
import rateLimit from 'axios-rate-limit';
import axiosRetry from 'axios-retry';
import nock from 'nock';
import { firstValueFrom } from 'rxjs';
import { CookieJar } from 'tough-cookie';
import { attachGraphnetAuth } from '../lib/index.js';
import { PatientApi } from './support/generatedClient.js';
import { json, jwt, startGraphnet, type Graphnet } from './support/graphnet.js';

let graphnet: Graphnet;
beforeEach(async () => {
  graphnet = await startGraphnet();
});
afterEach(async () => {
  nock.restore();
  await graphnet.close();
});

// Types that are written for `require` see another axios than those for `import`, hence `as never`.
type Call = (path: string) => Promise<{ status: number; data: unknown }>;
/** Sets the neighbour up on an instance; returns how the app then makes its calls, if not with the instance. */
type Neighbour = (instance: AxiosInstance) => Call | void;

const NEIGHBOURS: [string, Neighbour][] = [
  ['axios-retry', (instance) => void axiosRetry(instance, { retryDelay: () => 1 })],
  [
    'axios-retry that retries a 401',
    (instance) => void axiosRetry(instance, { retryDelay: () => 1, retryCondition: () => true }),
  ],
  ['axios-cache-interceptor', (instance) => void setupCache(instance)],
  ['axios-rate-limit', (instance) => void rateLimit(instance, { maxRequests: 50, perMilliseconds: 10 })],
  [
    'axios-cookiejar-support',
    (instance) => {
      Object.assign(instance.defaults, { jar: new CookieJar() });
      wrapper(instance as never);
    },
  ],
  ['axios-mock-adapter that lets through', (instance) => void new MockAdapter(instance as never).onAny().passThrough()],
  ['nock', () => void nock.activate()],
  [
    "@nestjs/axios's HttpService",
    (instance) => {
      const service = new HttpService(instance as never);
      return (path) => firstValueFrom(service.get(path));
    },
  ],
  [
    'a generated client',
    (instance) => {
      const client = new PatientApi(graphnet.origin, instance);
      return (path) => client.getPatient(path);
    },
  ],
];

describe.each(NEIGHBOURS)('R12, R13: beside %s', (name, setUp) => {
  const open = (order: 'first' | 'last'): Call => {
    if (nock.isActive()) nock.restore();
    const instance = axios.create({ baseURL: graphnet.origin });
    const attach = () => attachGraphnetAuth(instance, { ...graphnet.credentials, tokenRequest: { adapter: 'http' } });
    if (order === 'first') attach();
    const call = setUp(instance) ?? ((path: string) => instance.get(path));
    if (order === 'last') attach();
    return call;
  };

  test.each(['first', 'last'] as const)('attached %s: cold calls, and a revocation under them', async (order) => {
    const call = open(order);
    const cold = await Promise.all([call('/Patient/1'), call('/Patient/1'), call('/Patient/2')]);
    expect(cold.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(graphnet.tokenRequests).toHaveLength(1);
    graphnet.revokeAll();
    const healed = await Promise.all([call('/Patient/3'), call('/Patient/3'), call('/Patient/4')]);
    expect(healed.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(healed[0].data).toMatchObject({ method: 'GET', url: expect.stringContaining('3') as unknown });
    expect(healed[1].data).toEqual(healed[0].data);
    expect(graphnet.tokenRequests).toHaveLength(2);
  });

  test.each(['first', 'last'] as const)('R7: attached %s: an API that rejects every token', async (order) => {
    const call = open(order);
    graphnet.onToken = (__, response) =>
      json(response, 200, { token_type: 'Bearer', access_token: 'unknown', expires_in: 600 });
    await expect(call('/Patient/1')).rejects.toMatchObject({ response: { status: 401 } });
    // The app has told one of them to send its own 3 retries after any failure; none of them is replayed again.
    expect(graphnet.apiRequests).toHaveLength(name.includes('retries a 401') ? 5 : 2);
  });
});

describe('R12: what neighbours do goes on', () => {
  const { stringify } = JSON;

  test.each(['first', 'last'] as const)(
    'axios-retry, attached %s: a 503 after a healed 401 is retried',
    async (order) => {
      const instance = axios.create({ baseURL: graphnet.origin });
      if (order === 'first') attachGraphnetAuth(instance, graphnet.credentials);
      axiosRetry(instance, { retryDelay: () => 1 });
      if (order === 'last') attachGraphnetAuth(instance, graphnet.credentials);
      await instance.put('/Patient/1', { active: true });
      graphnet.revokeAll();
      graphnet.onApi = (_, response) => {
        graphnet.onApi = undefined;
        json(response, 503, {});
      };
      const { data } = await instance.put<{ body: string }>('/Patient/1', { active: false });
      expect(data.body).toBe(stringify({ active: false }));
      expect(graphnet.apiRequests).toHaveLength(1 + 3);
    },
  );

  test.each(['first', 'last'] as const)(
    'axios-cache-interceptor, attached %s: answers come from its cache',
    async (order) => {
      const instance = axios.create({ baseURL: graphnet.origin });
      if (order === 'first') attachGraphnetAuth(instance, graphnet.credentials);
      const cached = setupCache(instance);
      if (order === 'last') attachGraphnetAuth(instance, graphnet.credentials);
      await cached.get('/Patient/1', { id: 'one' });
      graphnet.revokeAll();
      expect(await cached.get('/Patient/1', { id: 'one' })).toMatchObject({ status: 200, cached: true });
      await cached.storage.remove('one');
      expect(await cached.get('/Patient/1', { id: 'one' })).toMatchObject({ status: 200, cached: false });
      expect(graphnet.apiRequests).toHaveLength(3);
    },
  );

  test.each(['first', 'last'] as const)(
    'axios-mock-adapter, attached %s: the token request is mocked too, and the replay',
    async (order) => {
      const instance = axios.create({ baseURL: 'https://api.example' });
      const options = { clientId: 'a', clientSecret: 'b', tokenUrl: 'https://token.example/oauth' };
      if (order === 'first') attachGraphnetAuth(instance, options);
      const mock = new MockAdapter(instance as never);
      if (order === 'last') attachGraphnetAuth(instance, options);
      const token = { token_type: 'Bearer', access_token: jwt({ exp: Date.now() / 1000 + 60 }), refresh_token: null };
      mock.onPost('https://token.example/oauth').reply(200, token);
      mock.onGet('/Patient/1').replyOnce(401).onGet('/Patient/1').replyOnce(200, { mocked: true });
      expect((await instance.get('/Patient/1')).data).toEqual({ mocked: true });
      expect(mock.history.map(({ url }) => url)).toEqual([
        options.tokenUrl,
        '/Patient/1',
        options.tokenUrl,
        '/Patient/1',
      ]);
    },
  );

  test('axios-cookiejar-support: cookies of the first answer arrive with the replay', async () => {
    const instance = axios.create({ baseURL: graphnet.origin, ...({ jar: new CookieJar() } as object) });
    attachGraphnetAuth(instance, graphnet.credentials);
    wrapper(instance as never);
    await instance.get('/Patient/1');
    graphnet.revokeAll();
    graphnet.onUnauthorized = (_, response) => json(response, 401, {}, { 'Set-Cookie': 'affinity=7' });
    await instance.get('/Patient/1');
    expect(graphnet.apiRequests.at(-1)!.headers.cookie).toBe('affinity=7');
  });

  test('nock: the documented endpoint, without a network', async () => {
    nock.activate();
    nock.disableNetConnect();
    const token = { token_type: 'Bearer', access_token: jwt({ exp: Date.now() / 1000 + 60 }), refresh_token: null };
    const endpoint = nock('https://coret1.syhapp.com')
      .post('/vlive/hpca/oauth/token', /grant_type=client_credentials/)
      .reply(200, token);
    const api = nock('https://api.example', { reqheaders: { authorization: `Bearer ${token.access_token}` } })
      .get('/Patient/1')
      .reply(200, {});
    const instance = axios.create({ baseURL: 'https://api.example' });
    attachGraphnetAuth(instance, { clientId: 'a', clientSecret: 'b' });
    await expect(instance.get('/Patient/1')).resolves.toMatchObject({ status: 200 });
    endpoint.done();
    api.done();
    nock.enableNetConnect();
  });
});
