import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import axios, { type AxiosAdapter, type AxiosInstance } from 'axios';
import { execFileSync } from 'node:child_process';
import { createHook } from 'node:async_hooks';
import { attachGraphnetAuth } from '../lib/index.js';
import { jwt } from './support/graphnet.js';

// What a request costs while the token is valid, in counts that no other load on the machine can change. Times are
// measured by `npm run bench`.

const TOKEN = jwt({ exp: Math.floor(Date.now() / 1000) + 3600 });
const BASES = { 'a baseURL': 'https://api.example.org/fhir', 'absolute URLs': undefined };
const URLS = { 'a baseURL': '/Patient/1', 'absolute URLs': 'https://api.example.org/fhir/Patient/1' };
const adapter: AxiosAdapter = (config) => {
  const data = config.method === 'post' ? JSON.stringify({ token_type: 'Bearer', access_token: TOKEN }) : '';
  return Promise.resolve({ data, status: 200, statusText: 'OK', headers: {}, config });
};

/** The least that an interceptor can do, as the yardstick. */
function withConstantHeader(baseURL: string | undefined): AxiosInstance {
  const api = axios.create({ adapter, ...(baseURL && { baseURL }) });
  const setHeader = (config: Parameters<AxiosAdapter>[0]) => {
    config.headers.Authorization = `Bearer ${TOKEN}`;
    return config;
  };
  api.interceptors.request.use(setHeader, undefined, { synchronous: true });
  return api;
}

async function withToken(baseURL: string | undefined): Promise<AxiosInstance> {
  const api = axios.create({ adapter, ...(baseURL && { baseURL }) });
  const tokenUrl = 'https://auth.example.org/oauth/token';
  await attachGraphnetAuth(api, { clientId: 'app', clientSecret: 'secret', tokenUrl }).getToken();
  return api;
}

/** The fewest of some requests: Jest makes promises of its own now and then. */
async function countPromises(api: AxiosInstance, url: string): Promise<number> {
  const counts = Array<number>(10).fill(0);
  for (let request = 0; request < counts.length; request++) {
    const hook = createHook({ init: (_, type) => void (counts[request]! += Number(type === 'PROMISE')) }).enable();
    await api.get(url);
    hook.disable();
  }
  return Math.min(...counts);
}

describe.each(Object.keys(BASES) as (keyof typeof BASES)[])('a request with a valid token, by %s', (kind) => {
  const url = URLS[kind];
  let constant: AxiosInstance;
  let attached: AxiosInstance;
  beforeEach(async () => {
    constant = withConstantHeader(BASES[kind]);
    attached = await withToken(BASES[kind]);
    for (const api of [constant, attached]) await api.get(url);
  });

  test('makes one promise more than a constant header: that of the response interceptor', async () => {
    expect((await countPromises(attached, url)) - (await countPromises(constant, url))).toBe(1);
  });

  async function countTurns(api: AxiosInstance): Promise<number> {
    let isSettled = false;
    const settled = () => (isSettled = true);
    api.get(url).then(settled, settled);
    let turns = 0;
    for (; !isSettled; turns++) await Promise.resolve();
    return turns;
  }

  test('takes one turn of the microtask queue more', async () => {
    expect((await countTurns(attached)) - (await countTurns(constant))).toBe(1);
  });

  test('reaches the adapter within the call itself, as without this package', () => {
    const reached = jest.fn(adapter);
    attached.defaults.adapter = reached;
    const call = attached.get(url, {});
    expect(reached).toHaveBeenCalledTimes(1);
    return call;
  });

  test('parses and decodes nothing, and reads each clock once', async () => {
    const counted = [
      jest.spyOn(URL, 'canParse'),
      jest.spyOn(globalThis, 'URL'),
      jest.spyOn(JSON, 'parse'),
      jest.spyOn(globalThis, 'atob'),
      jest.spyOn(axios.Axios.prototype, 'getUri'),
      jest.spyOn(globalThis, 'setTimeout'),
      jest.spyOn(Date, 'now'),
      jest.spyOn(performance, 'now'),
    ];
    const countsOf = async (api: AxiosInstance) => {
      for (const spy of counted) spy.mockClear();
      await api.get(url);
      return counted.map(({ mock }) => mock.calls.length);
    };
    const least = await countsOf(constant);
    const counts = await countsOf(attached);
    jest.restoreAllMocks();
    expect(counts.map((count, index) => count - least[index]!)).toEqual([0, 0, 0, 0, 0, 0, 1, 1]);
  });
});

describe('where the app has interceptors of its own', () => {
  test('no promise is made but those of the chain, which axios makes for every interceptor', async () => {
    const constant = withConstantHeader(BASES['a baseURL']);
    const attached = await withToken(BASES['a baseURL']);
    for (const api of [constant, attached]) api.interceptors.request.use((config) => config);
    // Ours is offered at both ends of the chain, and there is the response interceptor.
    expect((await countPromises(attached, '/Patient/1')) - (await countPromises(constant, '/Patient/1'))).toBe(2);
  });
});

test('memory: a request allocates at most 1200 bytes more, of some 32,000, than with a constant header', () => {
  const script = `
    import axios from 'axios';
    import { PerformanceObserver } from 'node:perf_hooks';
    import { attachGraphnetAuth } from './dist/index.js';
    const token = ${JSON.stringify(TOKEN)};
    const baseURL = 'https://api.example.org';
    const adapter = async (config) => {
      const data = config.method === 'post' ? JSON.stringify({ token_type: 'Bearer', access_token: token }) : '';
      return { data, status: 200, statusText: 'OK', headers: {}, config };
    };
    const constant = axios.create({ baseURL, adapter });
    const setHeader = (config) => ((config.headers.Authorization = 'Bearer ' + token), config);
    constant.interceptors.request.use(setHeader, undefined, { synchronous: true });
    const attached = axios.create({ baseURL, adapter });
    attachGraphnetAuth(attached, { clientId: 'app', clientSecret: 'secret', tokenUrl: 'https://auth.example.org/oauth/token' });
    let collections = 0;
    new PerformanceObserver((list) => (collections += list.getEntries().length)).observe({ entryTypes: ['gc'] });
    async function bytesPerRequest(api) {
      for (let request = 0; request < 200; request++) await api.get('/Patient/1');
      gc();
      const before = process.memoryUsage().heapUsed;
      for (let request = 0; request < 1000; request++) await api.get('/Patient/1');
      return (process.memoryUsage().heapUsed - before) / 1000;
    }
    const least = await bytesPerRequest(constant);
    const bytes = await bytesPerRequest(attached);
    await new Promise((resolve) => setTimeout(resolve, 10));
    console.log(JSON.stringify({ more: bytes - least, collections }));`;
  // Nothing is collected that was not asked for, and no optimising compiler decides what is allocated.
  const flags = ['--expose-gc', '--no-opt', '--min-semi-space-size=256', '--max-semi-space-size=256'];
  const output = execFileSync(process.execPath, [...flags, '--input-type=module', '-e', script], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const { more, collections } = JSON.parse(output) as { more: number; collections: number };
  expect(collections).toBe(2);
  expect(more).toBeLessThan(1200);
  expect(more).toBeGreaterThan(0);
});
