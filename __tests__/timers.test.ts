import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { attach } from './support/attached.js';
import { json, startGraphnet, type Graphnet } from './support/graphnet.js';
import { deferred } from './support/schedule.js';

let graphnet: Graphnet;
beforeEach(async () => {
  graphnet = await startGraphnet();
});
afterEach(async () => {
  jest.useRealTimers();
  await graphnet.close();
});

/** What an app in a process of its own has to say, and how long it lingers after that. The build has run before the tests. */
async function runApp(script: string): Promise<{ said: unknown; code: number | null; lingeredMs: number }> {
  const app = `
    import axios from 'axios';
    import { attachGraphnetAuth } from './dist/index.js';
    const events = [];
    const count = (type) => events.filter((one) => one === type).length;
    let unhandled = 0;
    process.on('unhandledRejection', () => (unhandled += 1));
    const realNow = Date.now;
    const advance = (ms) => (Date.now = () => realNow() + ms);
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout' || name === 'Immediate');
    const until = async (isSo) => { for (let tries = 0; tries < 5000 && !isSo(); tries++) await new Promise((resolve) => setTimeout(resolve, 1)); };
    const api = axios.create({ baseURL: ${JSON.stringify(graphnet.origin)} });
    const options = { ...${JSON.stringify(graphnet.credentials)}, tokenRetry: { retries: 0 }, onEvent: ({ type }) => events.push(type) };
    ${script}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', app], {
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 15_000,
  });
  let output = '';
  let saidAtMs = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    saidAtMs = performance.now();
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { said: JSON.parse(output || 'null'), code, lingeredMs: performance.now() - saidAtMs };
}

describe('R5: nothing keeps the process alive', () => {
  test.each<[string, number, string]>([
    ['a call', 1, `attachGraphnetAuth(api, options); await api.get('/');`],
    ['a call with a timeout and a signal', 1, `attachGraphnetAuth(api, options); await api.get('/', { timeout: 60_000, signal: new AbortController().signal });`],
    ['a failed token request', 1, `attachGraphnetAuth(api, { ...options, tokenUrl: options.tokenUrl + '?fail' }); await api.get('/').catch(() => 0);`],
    ['a renewal', 2, `attachGraphnetAuth(api, options); await api.get('/'); advance(3590_000 - 100_000); await api.get('/'); await until(() => count('token-received') === 2);`],
    ['a store', 1, `const kept = new Map(); const store = { get: async (key) => kept.get(key), set: async (key, value) => kept.set(key, value), delete: async (key) => kept.delete(key) };
      attachGraphnetAuth(api, { ...options, store }).invalidate(); await api.get('/');`],
    ['an attachment that is never used', 0, `attachGraphnetAuth(api, options);`],
  ])('%s', async (_, tokenRequests, script) => {
    graphnet.onToken = ({ url }, response) =>
      url.endsWith('?fail')
        ? json(response, 500, {})
        : json(response, 200, { token_type: 'Bearer', access_token: graphnet.issue() });
    const { said, code, lingeredMs } = await runApp(`${script} console.log(JSON.stringify(timers()));`);
    expect(said).toEqual([]);
    expect(graphnet.tokenRequests).toHaveLength(tokenRequests);
    expect(code).toBe(0);
    expect(lingeredMs).toBeLessThan(1500);
  }); // prettier-ignore
});

describe('R26, R27: nothing behind the scenes is an unhandled rejection', () => {
  test('a failing renewal, a listener that rejects, callers that have left', async () => {
    const hasLeft = deferred<void>();
    graphnet.onUnauthorized = (_, response) => {
      hasLeft.resolve();
      json(response, 401, {});
    };
    graphnet.onToken = async (_, response) => {
      const nth = graphnet.tokenRequests.length;
      if (nth === 1) return json(response, 200, { token_type: 'Bearer', access_token: graphnet.issue() });
      if (nth === 3) await hasLeft.promise;
      return json(response, 503, {});
    };
    const { said, code } = await runApp(`
      const onEvent = ({ type }) => (events.push(type), Promise.reject(new Error('listener')));
      const auth = attachGraphnetAuth(api, { ...options, onEvent });
      await api.get('/');
      advance(3590_000 - 100_000);
      await api.get('/');
      await until(() => count('token-failed') === 1);
      auth.invalidate();
      const leaver = new AbortController();
      const left = api.get('/', { signal: leaver.signal }).catch(({ name }) => name);
      setImmediate(() => leaver.abort());
      await left;
      await api.get('/left', { graphnetAuth: false }).catch(() => 0);
      await until(() => count('token-failed') > 1);
      await new Promise((resolve) => setTimeout(resolve, 50));
      console.log(JSON.stringify({ unhandled, left: await left, failures: count('token-failed') }));`);
    expect(said).toEqual({ unhandled: 0, left: 'CanceledError', failures: 2 });
    expect(code).toBe(0);
  });
});

describe('R5: fake timers in an app’s tests just work', () => {
  test.each<[string, Parameters<typeof jest.useFakeTimers>[0]]>([
    ['all of them', {}],
    ['the clocks and setTimeout', { doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'setInterval'] }],
    ['the clock alone', { doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'setInterval', 'setTimeout', 'performance'] }],
  ])('%s: a renewal when the app’s clock says so, and no timer left behind', async (_, config) => {
    jest.useFakeTimers({ ...config, now: Date.now() });
    const { api, auth } = attach(graphnet);
    await api.get('/');
    const sentLast = () => graphnet.apiRequests.at(-1)!.headers.authorization!;
    const setAhead = (ms: number) => jest.setSystemTime(Date.now() + ms);
    setAhead(3_200_000);
    await api.get('/');
    expect(graphnet.tokenRequests).toHaveLength(1);
    setAhead(250_000);
    await api.get('/');
    expect(sentLast()).toBe(`Bearer ${graphnet.issued[0]}`);
    for (let calls = 0; calls < 100 && !sentLast().endsWith(graphnet.issued[1] ?? '?'); calls++) await api.get('/');
    expect(sentLast()).toBe(`Bearer ${graphnet.issued[1]}`);
    expect(graphnet.tokenRequests).toHaveLength(2);
    setAhead(10 * 365 * 24 * 3600_000);
    await api.get('/');
    expect(graphnet.tokenRequests).toHaveLength(3);
    expect((await auth.getToken()).value).toBe(graphnet.issued[2]);
    expect(jest.getTimerCount()).toBe(0);
  }); // prettier-ignore

  test('the pause before a retry passes when the app’s clock is advanced', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    const { api } = attach(graphnet);
    graphnet.onToken = (_, response) => {
      graphnet.onToken = undefined;
      json(response, 503, {});
    };
    let isDone = false;
    const call = api.get('/').finally(() => (isDone = true));
    const turn = () => new Promise(setImmediate);
    for (let turns = 0; turns < 1000 && graphnet.tokenRequests.length === 0; turns++) await turn();
    for (let turns = 0; turns < 200; turns++) await turn();
    expect(graphnet.tokenRequests).toHaveLength(1);
    for (let steps = 0; steps < 200 && !isDone; steps++) {
      await jest.advanceTimersByTimeAsync(20);
      await turn();
    }
    expect((await call).status).toBe(200);
    expect(graphnet.tokenRequests).toHaveLength(2);
    expect(jest.getTimerCount()).toBe(0);
  });
});

test('R13, R26: a rejected web stream that somebody has locked is an unhandled rejection neither', async () => {
  let calls = 0;
  graphnet.onApi = (_, response) => (++calls > 1 ? json(response, 200, {}) : json(response, 401, {}));
  const { said } = await runApp(`
    attachGraphnetAuth(api, options);
    const lock = (data, _, status) => (status === 401 && data.getReader(), data);
    const { status, data } = await api.get('/', { adapter: 'fetch', responseType: 'stream', transformResponse: [lock] });
    await data.cancel();
    await new Promise((resolve) => setTimeout(resolve, 20));
    console.log(JSON.stringify({ unhandled, status }));`);
  expect(said).toEqual({ unhandled: 0, status: 200 });
});
