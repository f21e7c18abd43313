import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import axios, { type AxiosRequestConfig, type InternalAxiosRequestConfig } from 'axios';
import { attachGraphnetAuth } from '../lib/index.js';
import { attach } from './support/attached.js';
import { json, listen, startGraphnet, type Graphnet } from './support/graphnet.js';

let graphnet: Graphnet;
beforeEach(async () => {
  graphnet = await startGraphnet();
});
afterEach(() => graphnet.close());

describe('R15: requests that are left alone', () => {
  test.each<[string, AxiosRequestConfig, string | undefined]>([
    ['graphnetAuth: false', { graphnetAuth: false }, undefined],
    ['an Authorization of its own', { headers: { Authorization: 'Basic b3duOm93bg==' } }, 'Basic b3duOm93bg=='],
    ['the same in lower case', { headers: { authorization: 'Basic b3duOm93bg==' } }, 'Basic b3duOm93bg=='],
    ['the same in capitals', { headers: { AUTHORIZATION: 'Basic b3duOm93bg==' } }, 'Basic b3duOm93bg=='],
    ['axios auth', { auth: { username: 'own', password: 'own' } }, 'Basic b3duOm93bg=='],
    ['a header that is switched off', { headers: { Authorization: false } }, undefined],
  ])('%s: no token request, no replay, and its 401 discards nothing', async (_, config, sent) => {
    const { api, events } = attach(graphnet, {}, { validateStatus: () => true });
    expect((await api.get('/Patient', config)).status).toBe(401);
    expect(graphnet.apiRequests.map(({ headers }) => headers.authorization)).toEqual([sent]);
    expect(graphnet.tokenRequests).toHaveLength(0);
    await api.get('/Patient');
    await api.get('/Patient', config);
    await api.get('/Patient');
    expect(graphnet.tokenRequests).toHaveLength(1);
    expect(events.filter(({ type }) => type === 'token-discarded')).toEqual([]);
  });

  test('an Authorization that the app puts on a config which it sends again', async () => {
    const { api } = attach(graphnet, {}, { validateStatus: () => true });
    const { config } = await api.get('/Patient');
    config.headers.set('Authorization', 'Basic b3duOm93bg==');
    await api.request(config);
    await api.request({ ...config, headers: { Authorization: 'Basic b3duOm93bg==' } });
    await api.request({ ...config, headers: {}, auth: { username: 'own', password: 'own' } });
    expect(graphnet.apiRequests.slice(1).map(({ headers }) => headers.authorization)).toEqual(
      Array(3).fill('Basic b3duOm93bg=='),
    );
    expect(graphnet.tokenRequests).toHaveLength(1);
  });

  test('a bearer token of the app’s own on such a config', async () => {
    const { api } = attach(graphnet, {}, { validateStatus: () => true });
    const { config } = await api.get('/Patient');
    config.headers.set('Authorization', 'Bearer own');
    await api.request(config);
    expect(graphnet.apiRequests[1]!.headers.authorization).toBe('Bearer own');
    expect(graphnet.apiRequests).toHaveLength(2);
  });

  test('an Authorization that is undefined is none', async () => {
    const { api } = attach(graphnet);
    api.interceptors.request.use((config) => Object.assign(config, { headers: { Authorization: undefined } }));
    await api.get('/Patient');
    expect(graphnet.apiRequests[0]!.headers.authorization).toBe(`Bearer ${graphnet.issued[0]}`);
  });

  test('the old token on a deep copy of a config is none of the app’s own', async () => {
    const { api, auth } = attach(graphnet);
    const { config } = await api.get('/Patient');
    auth.invalidate();
    const { url, method, headers, ...rest } = JSON.parse(JSON.stringify(config)) as Record<string, object>;
    const copy = { url, method, headers, 'axios-graphnet-auth': rest['axios-graphnet-auth'] };
    await api.request(copy as object);
    expect(graphnet.apiRequests[1]!.headers.authorization).toBe(`Bearer ${graphnet.issued[1]}`);
    await api.request({ ...copy, headers: { Authorization: 'Basic b3duOm93bg==' } } as object).catch(() => undefined);
    expect(graphnet.apiRequests[2]!.headers.authorization).toBe('Basic b3duOm93bg==');
  });

  test.each([{ graphnetAuth: false }, {}])('the token itself, put on a request by hand (%j)', async (config) => {
    const { api, auth, eventsOf } = attach(graphnet, {}, { validateStatus: () => true });
    const headers = { Authorization: `Bearer ${(await auth.getToken()).value}` };
    expect((await api.get('/Patient', { ...config, headers })).status).toBe(200);
    graphnet.revokeAll();
    expect((await api.get('/Patient', { ...config, headers })).status).toBe(401);
    expect(graphnet.apiRequests).toHaveLength(2);
    expect(eventsOf('token-discarded')).toEqual([]);
  });

  test('a token of long ago on a config that is sent again is none of the app’s own either', async () => {
    const { api, auth } = attach(graphnet);
    const { config } = await api.get('/Patient');
    for (let renewal = 0; renewal < 12; renewal++) {
      auth.invalidate();
      await auth.getToken();
    }
    await api.request(config);
    expect(graphnet.apiRequests[1]!.headers.authorization).toBe(`Bearer ${graphnet.issued[12]}`);
  });

  test.each([
    ['own:own@', 'Basic b3duOm93bg=='],
    ['own@', 'Basic b3duOg=='],
  ])('credentials in the URL (%s) are credentials of its own', async (userinfo, sent) => {
    const { api } = attach(graphnet, {}, { validateStatus: () => true });
    await api.get(`${graphnet.origin.replace('//', `//${userinfo}`)}/Patient`);
    expect(graphnet.apiRequests[0]!.headers.authorization).toBe(sent);
    expect(graphnet.tokenRequests).toHaveLength(0);
  });

  test('graphnetAuth: true is the same as nothing', async () => {
    const { api } = attach(graphnet);
    await api.get('/Patient', { graphnetAuth: true });
    expect(graphnet.apiRequests[0]!.headers.authorization).toBe(`Bearer ${graphnet.issued[0]}`);
  });
});

describe('R17: the token request keeps apart from the app', () => {
  test('interceptors that a patched create() adds to every instance do not reach it', async () => {
    const api = axios.create({ baseURL: graphnet.origin });
    const create = api.create.bind(api);
    let seen = 0;
    api.create = (config) => {
      const created = create(config);
      created.interceptors.request.use((request) => ((seen += 1), request));
      return created;
    };
    attachGraphnetAuth(api, graphnet.credentials);
    await api.get('/Patient');
    expect(seen).toBe(0);
  });

  test('interceptors, baseURL, headers, params and auth of the app do not reach it', async () => {
    const seen: unknown[] = [];
    const { api, auth } = attach(
      graphnet,
      {},
      { headers: { common: { 'X-App': 'yes' } }, params: { tenant: 'a' }, auth: { username: 'u', password: 'p' } },
    );
    api.interceptors.request.use((config) => (seen.push(config), config));
    api.interceptors.response.use((response) => (seen.push(response), response));
    await auth.getToken();
    const [request] = graphnet.tokenRequests;
    expect(request!.url).toBe('/oauth/token');
    expect(request!.headers).not.toHaveProperty('x-app');
    expect(request!.headers).not.toHaveProperty('authorization');
    expect(seen).toEqual([]);
  });

  test('the transport settings of the instance, as they are at the time, do', async () => {
    const { api, auth } = attach(graphnet);
    const proxied: string[] = [];
    const proxy = await listen(({ url }, response) => {
      proxied.push(url);
      json(response, 200, { token_type: 'Bearer', access_token: graphnet.issue() });
    });
    api.defaults.proxy = { host: '127.0.0.1', port: Number(new URL(proxy.origin).port), protocol: 'http' };
    await auth.getToken();
    expect(proxied).toEqual([graphnet.tokenUrl]);
    await proxy.close();
  });

  test('unless tokenRequest says otherwise', async () => {
    const { api, auth } = attach(graphnet, { tokenRequest: { proxy: false, headers: { 'X-Gateway': 'token' } } });
    api.defaults.proxy = { host: '127.0.0.1', port: 1, protocol: 'http' };
    await auth.getToken();
    expect(graphnet.tokenRequests[0]!.headers).toMatchObject({ 'x-gateway': 'token', accept: 'application/json' });
  });

  test.each([
    'proxy', 'httpAgent', 'httpsAgent', 'socketPath', 'allowedSocketPaths', 'transport', 'lookup', 'family',
    'insecureHTTPParser', 'httpVersion', 'http2Options', 'env',
  ])('%s of the instance is one of them', async (name) => {
    let asked: Record<string, unknown> = {};
    const adapter = (config: InternalAxiosRequestConfig) => {
      asked = { ...config };
      const data = { token_type: 'bearer', access_token: graphnet.issue() };
      return Promise.resolve({ data, status: 200, statusText: 'OK', headers: {}, config });
    };
    await attach(graphnet, {}, { adapter, [name]: 'as the instance has it' }).auth.getToken();
    expect(asked[name]).toBe('as the instance has it');
  }); // prettier-ignore

  test('its fetchOptions too; a redirect is followed all the same by none', async () => {
    const asked: unknown[] = [];
    const adapter = (config: InternalAxiosRequestConfig) => {
      asked.push(config.fetchOptions);
      const data = { token_type: 'bearer', access_token: graphnet.issue() };
      return Promise.resolve({ data, status: 200, statusText: 'OK', headers: {}, config });
    };
    const fetchOptions = { cache: 'no-store', redirect: 'follow' } as const;
    await attach(graphnet, {}, { adapter, fetchOptions }).auth.getToken();
    await attach(
      graphnet,
      { tokenRequest: { fetchOptions: { priority: 'high' } } },
      { adapter, fetchOptions },
    ).auth.getToken();
    expect(asked).toEqual([
      { cache: 'no-store', redirect: 'manual' },
      { priority: 'high', redirect: 'manual' },
    ]);
  });

  test('section 1: it stays a form, whatever headers tokenRequest has', async () => {
    const { auth } = attach(graphnet, { tokenRequest: { headers: { 'Content-Type': 'application/json' } } });
    await auth.getToken();
    expect(graphnet.tokenRequests[0]!.headers['content-type']).toBe('application/x-www-form-urlencoded');
  });

  test('an adapter of the app, a mock say, may answer with an object', async () => {
    const { auth } = attach(
      graphnet,
      {},
      {
        adapter: async (config) =>
          Promise.resolve({
            data: { token_type: 'bearer', access_token: graphnet.issue() },
            status: 200,
            statusText: 'OK',
            headers: {},
            config,
          }),
      },
    );
    expect((await auth.getToken()).value).toBe(graphnet.issued[0]);
  });
});
