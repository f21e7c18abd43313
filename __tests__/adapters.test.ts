import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import axios, { AxiosError, type AxiosAdapter, type AxiosResponse } from 'axios';
import { Readable } from 'node:stream';
import { attach } from './support/attached.js';
import { startGraphnet, type Graphnet } from './support/graphnet.js';

let graphnet: Graphnet;
beforeEach(async () => {
  graphnet = await startGraphnet();
});
afterEach(() => graphnet.close());

const http: AxiosAdapter = (config) => axios.getAdapter('http')(config);

/** The app's adapter sends requests to the API; the token request goes over the network as ever. */
const attachWith = (adapter: AxiosAdapter, defaults = {}) =>
  attach(graphnet, { tokenRequest: { adapter: http } }, { adapter, ...defaults });

const answer = (config: Parameters<AxiosAdapter>[0], fields: Partial<AxiosResponse>): AxiosResponse => ({
  status: 200,
  statusText: '',
  data: '',
  headers: {},
  config,
  ...fields,
});

describe('R13: custom adapters', () => {
  test.each<[string, AxiosResponse['headers'], number]>([
    ['a plain object', { 'www-authenticate': 'AzureApiManagementKey realm="x"' }, 1],
    ['lists', { 'www-authenticate': ['AzureApiManagementKey realm="x"', 'Basic'] }, 1],
    ['lists with Bearer', { 'www-authenticate': ['Bearer', 'Basic'] }, 2],
    ['nothing', undefined as never, 2],
  ])('R8: that answer with headers as %s', async (_, headers, requests) => {
    let calls = 0;
    const { api } = attachWith((config) => {
      calls += 1;
      return Promise.resolve(answer(config, { status: 401, headers }));
    });
    await expect(api.get('/Patient')).resolves.toMatchObject({ status: 401 });
    expect(calls).toBe(requests);
  });

  test('that reject with an error which names the config in its response alone', async () => {
    let calls = 0;
    const { api } = attachWith((config) => {
      if (++calls > 1) return http(config);
      return Promise.reject(Object.assign(new Error('refused'), { response: answer(config, { status: 401 }) }));
    });
    await expect(api.get('/Patient')).resolves.toMatchObject({ status: 200 });
  });

  test('that reject with an error which names the config beside its response alone', async () => {
    let calls = 0;
    const { api } = attachWith((config) => {
      if (++calls > 1) return http(config);
      const response = { ...answer(config, { status: 401 }), config: undefined as never };
      return Promise.reject(new AxiosError('refused', 'ERR_BAD_REQUEST', config, undefined, response));
    });
    await expect(api.get('/Patient')).resolves.toMatchObject({ status: 200 });
  });

  test('R13: that answer with a stream which complains when it is let go', async () => {
    let calls = 0;
    const { api } = attachWith((config) => {
      if (++calls > 1) return http(config);
      const data = new Readable({ read: () => undefined, destroy: (_, done) => done(new Error('let go')) });
      return Promise.resolve(answer(config, { status: 401, data }));
    });
    await expect(api.get('/Patient')).resolves.toMatchObject({ status: 200 });
    await new Promise((resolve) => setImmediate(resolve));
  });

  test.each<[string, (config: object) => object]>([
    ['JSON', (config) => JSON.parse(JSON.stringify(config)) as object],
    ['a cloner of classes', (config) => ({ ...config, 'axios-graphnet-auth': Object.create(null) as object })],
  ])('that answer with a deep copy of the config (%s): a 401 is passed on', async (_, copy) => {
    const { api } = attachWith((config) => Promise.resolve(answer(copy(config) as never, { status: 401 })));
    await expect(api.get('/Patient')).resolves.toMatchObject({ status: 401 });
  });

  test('R6: that put a beforeRedirect of their own in the place of what is there', async () => {
    const { api, auth } = attachWith((config) => http({ ...config, beforeRedirect: () => undefined }));
    await auth.getToken();
    graphnet.revokeAll();
    await expect(api.get('/Patient')).resolves.toMatchObject({ status: 200 });
    expect(graphnet.apiRequests).toHaveLength(2);
  });

  test.each([undefined, null, 'a string', new Error('an error of its own')])(
    'that reject with %s: passed on unchanged',
    async (reason) => {
      const { api } = attachWith(() => Promise.reject(reason));
      await expect(api.get('/Patient').catch((error: unknown) => ({ error }))).resolves.toEqual({ error: reason });
    },
  );

  test('R20: that fail the token request with an error which says nothing', async () => {
    const { auth } = attach(graphnet, {
      tokenRequest: { adapter: () => Promise.reject(new AxiosError('s3cret')) },
      tokenRetry: { retries: 0 },
    });
    const error = await auth.getToken().catch(String);
    expect(error).toBe(
      'GraphnetAuthError: The token endpoint could not be reached; check tokenUrl, the network and the proxy.',
    );
  });

  test('R21: that follow redirects themselves have the means to take the token off', async () => {
    const seen: object[] = [];
    const { api } = attachWith((config) => {
      for (const href of [`${graphnet.origin}/elsewhere`, 'https://api.127.0.0.1.example/', 'no URL']) {
        const headers = { accept: '*/*', authorization: String(config.headers.Authorization) };
        config.beforeRedirect!({ href, headers }, { headers: {}, statusCode: 302 }, {} as never);
        seen.push({ href, names: Object.keys(headers) });
      }
      return Promise.resolve(answer(config, {}));
    });
    await api.get('/Patient');
    expect(seen).toEqual([
      { href: `${graphnet.origin}/elsewhere`, names: ['accept', 'authorization'] },
      { href: 'https://api.127.0.0.1.example/', names: ['accept'] },
      { href: 'no URL', names: ['accept'] },
    ]);
  });

  test('R1: a request without any URL is a request too', async () => {
    const { api } = attachWith((config) => Promise.resolve(answer(config, { data: config.headers.Authorization })), {
      baseURL: undefined,
    });
    const { data } = await api.request<string>({});
    expect(data).toBe(`Bearer ${graphnet.issued[0]}`);
  });
});

describe('a config that the app sends again', () => {
  test.each<[string, object]>([
    ['to be left alone', { graphnetAuth: false }],
    ['to an origin that is not trusted', { url: 'https://elsewhere.example/' }],
  ])('R15, R21: %s takes no token along', async (_, changes) => {
    const seen: unknown[] = [];
    const { api } = attachWith((config) => {
      seen.push(config.headers.Authorization);
      return Promise.resolve(answer(config, {}));
    });
    const { config } = await api.get('/Patient');
    await api.request({ ...config, ...changes });
    expect(seen).toEqual([`Bearer ${graphnet.issued[0]}`, undefined]);
  });
});
