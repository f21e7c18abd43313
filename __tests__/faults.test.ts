import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { AxiosError, type InternalAxiosRequestConfig } from 'axios';
import type { GraphnetAuthError, GraphnetAuthOptions } from '../lib/index.js';
import { attach } from './support/attached.js';
import { json, startGraphnet, type Graphnet, type Handler } from './support/graphnet.js';

let graphnet: Graphnet;
beforeEach(async () => {
  graphnet = await startGraphnet();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await graphnet.close();
});

const QUICK: GraphnetAuthOptions = { tokenRetry: { retryDelay: () => 1 } };
/** Only what hangs runs into the timeout, also on a busy machine. */
const quick = (fault: string): GraphnetAuthOptions =>
  fault.startsWith('hang') ? { ...QUICK, tokenRequest: { timeout: 250 } } : QUICK;
const status =
  (code: number, headers: Record<string, string> = {}): Handler =>
  (_, response) =>
    json(response, code, {}, headers);

/** Each fault, the error when it lasts, and how many token requests that takes. */
const FAULTS: [string, Handler, Partial<GraphnetAuthError>, number][] = [
  ['reset before an answer', (_, response) => void response.destroy(), { code: 'ERR_GRAPHNET_TOKEN_REQUEST' }, 4],
  ['reset in mid-answer', (_, response) => void response.write('{"token', () => response.destroy()), { code: 'ERR_GRAPHNET_TOKEN_REQUEST' }, 4],
  ['hang', () => undefined, { code: 'ERR_GRAPHNET_TOKEN_REQUEST' }, 4],
  ['hang in mid-answer', (_, response) => void response.write('{"token'), { code: 'ERR_GRAPHNET_TOKEN_REQUEST' }, 4],
  ['500', status(500), { code: 'ERR_GRAPHNET_TOKEN_REQUEST', status: 500 }, 4],
  ['503 with Retry-After: 0', status(503, { 'Retry-After': '0' }), { code: 'ERR_GRAPHNET_TOKEN_REQUEST', status: 503, retryAfterMs: 0 }, 4],
  ['502', status(502), { code: 'ERR_GRAPHNET_TOKEN_REQUEST', status: 502 }, 4],
  ['504', status(504), { code: 'ERR_GRAPHNET_TOKEN_REQUEST', status: 504 }, 4],
  ['503 that speaks of the client', (_, response) => json(response, 503, { error: 'invalid_client' }), { code: 'ERR_GRAPHNET_TOKEN_REQUEST', status: 503 }, 4],
  ['451', status(451), { code: 'ERR_GRAPHNET_TOKEN_REQUEST', status: 451 }, 1],
  ['503 with a Retry-After in the past', status(503, { 'Retry-After': 'Mon, 01 Jan 2001 00:00:00 GMT' }), { code: 'ERR_GRAPHNET_TOKEN_REQUEST', retryAfterMs: 0 }, 4],
  ['429', status(429), { code: 'ERR_GRAPHNET_TOKEN_REQUEST', status: 429 }, 4],
  ['503 with a Retry-After beyond the deadline', status(503, { 'Retry-After': '3600' }), { code: 'ERR_GRAPHNET_TOKEN_REQUEST', retryAfterMs: 3_600_000 }, 1],
  ['Retry-After beyond any timer', status(503, { 'Retry-After': '9'.repeat(400) }), { code: 'ERR_GRAPHNET_TOKEN_REQUEST', retryAfterMs: Number.MAX_SAFE_INTEGER }, 1],
  ['503 with a Retry-After that is nonsense', status(503, { 'Retry-After': 'soon' }), { code: 'ERR_GRAPHNET_TOKEN_REQUEST', status: 503 }, 4],
  ['404', status(404), { code: 'ERR_GRAPHNET_TOKEN_REQUEST', status: 404 }, 1],
  ['407', status(407), { code: 'ERR_GRAPHNET_TOKEN_REQUEST', status: 407 }, 1],
  ['401 without a word', status(401), { code: 'ERR_GRAPHNET_CREDENTIALS', status: 401 }, 1],
  ['400 invalid_client', (_, response) => json(response, 400, { error: 'invalid_client', error_description: 'no' }), { code: 'ERR_GRAPHNET_CREDENTIALS', oauthError: 'invalid_client', oauthErrorDescription: 'no' }, 1],
  ...['unauthorized_client', 'invalid_grant', 'access_denied'].map((error): [string, Handler, object, number] => [`400 ${error}`, (_, response) => json(response, 400, { error }), { code: 'ERR_GRAPHNET_CREDENTIALS', oauthError: error }, 1]),
  ['400 invalid_scope', (_, response) => json(response, 400, { error: 'invalid_scope' }), { code: 'ERR_GRAPHNET_TOKEN_REQUEST', oauthError: 'invalid_scope' }, 1],
  ['truncated JSON', (_, response) => void response.end('{"token_type":"Bea'), { code: 'ERR_GRAPHNET_TOKEN_RESPONSE', status: 200 }, 1],
  ['10 MiB', (_, response) => void response.end(Buffer.alloc(10 * 2 ** 20, 0x20)), { code: 'ERR_GRAPHNET_TOKEN_RESPONSE' }, 1],
]; // prettier-ignore

describe.each(FAULTS)('R23, R25: %s', (name, fault, error, requests) => {
  test('for good: the caller gets the error, and the next success heals all', async () => {
    const { api, auth } = attach(graphnet, quick(name));
    graphnet.onToken = fault;
    const failures = await Promise.all(
      Array.from({ length: 3 }, () => api.get('/').catch((reason: unknown) => reason)),
    );
    for (const failure of failures) expect(failure).toMatchObject(error);
    expect(graphnet.tokenRequests).toHaveLength(requests);
    graphnet.onToken = undefined;
    auth.invalidate();
    await expect(api.get('/')).resolves.toMatchObject({ status: 200 });
  });

  test('once: healed by a retry, if it can be', async () => {
    const { api } = attach(graphnet, quick(name));
    graphnet.onToken = (received, response) => {
      graphnet.onToken = undefined;
      return fault(received, response);
    };
    if (requests > 1) await expect(api.get('/')).resolves.toMatchObject({ status: 200 });
    else await expect(api.get('/')).rejects.toMatchObject(error);
    expect(graphnet.tokenRequests).toHaveLength(requests > 1 ? 2 : 1);
  });

  test('during a renewal: nobody notices', async () => {
    graphnet.lifeSeconds = 100;
    const { api, eventsOf } = attach(graphnet, quick(name));
    await api.get('/');
    // Both clocks stand still, so that the pause after the failure does not end.
    const wall = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 85_000);
    jest.spyOn(performance, 'now').mockReturnValue(performance.now());
    graphnet.onToken = fault;
    await api.get('/');
    while (eventsOf('token-failed').length === 0) await api.get('/');
    expect(graphnet.tokenRequests.length).toBe(1 + requests);
    graphnet.onToken = undefined;
    wall.mockReturnValue(Date.now() + 2000);
    while (eventsOf('token-received').length === 1) await api.get('/');
    expect(graphnet.tokenRequests).toHaveLength(2 + requests);
  });
});

describe('R23, R25: more of the token request', () => {
  test('a refused connection', async () => {
    const { auth } = attach(graphnet, { ...QUICK, tokenUrl: 'http://127.0.0.1:1/' });
    const error = (await auth.getToken().catch((reason: unknown) => reason)) as Error;
    expect(error).toMatchObject({ code: 'ERR_GRAPHNET_TOKEN_REQUEST' });
    expect(error.message).toContain('(ECONNREFUSED)');
  });

  test('a Retry-After date is read on the server’s clock', async () => {
    const { auth } = attach(graphnet, QUICK);
    graphnet.onToken = status(503, {
      Date: 'Mon, 01 Jan 2001 00:00:00 GMT',
      'Retry-After': 'Mon, 01 Jan 2001 01:00:00 GMT',
    });
    await expect(auth.getToken()).rejects.toMatchObject({ retryAfterMs: 3_600_000 });
    expect(graphnet.tokenRequests).toHaveLength(1);
  });

  test('a Retry-After date without a Date header is read on the local clock', async () => {
    const { auth } = attach(graphnet, QUICK);
    graphnet.onToken = (_, response) => {
      response.sendDate = false;
      json(response, 503, {}, { 'Retry-After': new Date(Date.now() + 3_600_000).toUTCString() });
    };
    const error = (await auth.getToken().catch((reason: unknown) => reason)) as GraphnetAuthError;
    expect(Math.abs(error.retryAfterMs! - 3_600_000)).toBeLessThan(2000);
  });

  test('by default: 3 retries, exponential; a Retry-After within the deadline is waited for', async () => {
    const delays: number[] = [];
    const timers = jest.spyOn(globalThis, 'setTimeout').mockImplementation(((work: () => void, ms?: number) => {
      if (ms !== 30_000) delays.push(ms ?? 0);
      return ms === 30_000 ? undefined : setImmediate(work);
    }) as never);
    const { auth } = attach(graphnet, { tokenRequest: { timeout: 0 } });
    graphnet.onToken = (_, response) =>
      json(response, 503, {}, graphnet.tokenRequests.length === 3 ? { 'Retry-After': '7' } : {});
    await expect(auth.getToken()).rejects.toMatchObject({ status: 503 });
    timers.mockRestore();
    expect(graphnet.tokenRequests).toHaveLength(4);
    expect(delays[0]! / 200).toBeGreaterThanOrEqual(1);
    expect(delays[1]! / delays[0]!).toBeGreaterThan(1.5);
    expect(delays[2]).toBe(7000);
  });

  test('a Retry-After of 0 does not make the retries any quicker', async () => {
    const delays: number[] = [];
    jest.spyOn(globalThis, 'setTimeout').mockImplementation(((work: () => void, ms = 0) => {
      if (ms !== 30_000) delays.push(ms);
      return ms === 30_000 ? undefined : setImmediate(work);
    }) as never);
    const { auth } = attach(graphnet, { tokenRequest: { timeout: 0 } });
    graphnet.onToken = status(503, { 'Retry-After': '0' });
    await expect(auth.getToken()).rejects.toMatchObject({ status: 503 });
    expect(delays).toHaveLength(3);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(200);
  });

  test('a Retry-After beyond what is left of the deadline fails at once', async () => {
    const { now } = performance;
    let aheadMs = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + aheadMs);
    const { auth } = attach(graphnet);
    graphnet.onToken = (_, response) => {
      aheadMs = 20_000;
      json(response, 503, {}, { 'Retry-After': '15' });
    };
    await expect(auth.getToken()).rejects.toMatchObject({ status: 503, retryAfterMs: 15_000 });
    expect(graphnet.tokenRequests).toHaveLength(1);
  });

  test('R20: an error code that is none is not shown', async () => {
    const adapter = (config: InternalAxiosRequestConfig) => Promise.reject(new AxiosError('no', 's3cret', config));
    const { auth } = attach(graphnet, QUICK, { adapter });
    const error = (await auth.getToken().catch((reason: unknown) => reason)) as Error;
    expect(error.message).toContain('could not be reached; check');
  });

  test('a Retry-After beyond the deadline fails at once, also with a retryCondition of the app’s own', async () => {
    const { auth } = attach(graphnet, { tokenRetry: { retryCondition: () => true } });
    graphnet.onToken = status(503, { 'Retry-After': '60' });
    await expect(auth.getToken()).rejects.toMatchObject({ retryAfterMs: 60_000 });
    expect(graphnet.tokenRequests).toHaveLength(1);
  });

  test('the deadline of 30 s covers everything, a clientSecret function that hangs included', async () => {
    let expire = () => undefined as void;
    jest.spyOn(globalThis, 'setTimeout').mockImplementation(((work: () => void) => (expire = work)) as never);
    const { auth } = attach(graphnet, { clientSecret: () => new Promise<string>(() => undefined) });
    const failed = auth.getToken().catch((reason: unknown) => reason);
    await new Promise((resolve) => setImmediate(resolve));
    expire();
    expect(await failed).toMatchObject({ code: 'ERR_GRAPHNET_TOKEN_REQUEST' });
    expect(graphnet.tokenRequests).toHaveLength(0);
  });

  test('an adapter that throws what is no AxiosError', async () => {
    const { auth } = attach(graphnet, QUICK, { adapter: () => Promise.reject(new TypeError('s3cret')) });
    const error = (await auth.getToken().catch((reason: unknown) => reason)) as Error;
    expect(error).toMatchObject({ code: 'ERR_GRAPHNET_TOKEN_REQUEST' });
    expect(error.message).not.toContain('s3cret');
  });
});

describe('R25: a clientSecret function', () => {
  test('is asked before every token request', async () => {
    const secrets = ['one', 'two'];
    const { auth } = attach(graphnet, { clientSecret: () => secrets.shift()! });
    await auth.getToken();
    auth.invalidate();
    await auth.getToken();
    expect(graphnet.tokenRequests.map(({ body }) => new URLSearchParams(body.toString()).get('client_secret'))).toEqual(
      ['one', 'two'],
    );
  });

  test('is asked once more when the credentials are refused', async () => {
    const secrets = ['old', 'new', 'newer'];
    const { auth } = attach(graphnet, { clientSecret: async () => Promise.resolve(secrets.shift()!) });
    graphnet.onToken = ({ body }, response) => {
      if (!body.toString().endsWith('=old')) graphnet.onToken = undefined;
      if (body.toString().endsWith('=old')) return json(response, 401, { error: 'invalid_client' });
      return json(response, 200, { token_type: 'Bearer', access_token: graphnet.issue() });
    };
    await auth.getToken();
    expect(graphnet.tokenRequests).toHaveLength(2);
    auth.invalidate();
    graphnet.onToken = status(401);
    secrets.push('newest');
    await expect(auth.getToken()).rejects.toMatchObject({ code: 'ERR_GRAPHNET_CREDENTIALS' });
    expect(graphnet.tokenRequests).toHaveLength(4);
  });

  test.each<[string, () => string]>([
    ['throws', () => { throw new Error('vault says s3cret'); }],
    ['rejects', () => Promise.reject(new Error('vault says s3cret')) as never],
    ['answers with nothing', () => '' ],
    ['answers with blanks', () => ' \n' ],
    ['answers with something else', () => 5 as never],
  ])('that %s', async (_, clientSecret) => {
    const { auth } = attach(graphnet, { clientSecret });
    const error = (await auth.getToken().catch((reason: unknown) => reason)) as Error;
    expect(error).toMatchObject({ code: 'ERR_GRAPHNET_TOKEN_REQUEST' });
    expect(error.message).toContain('clientSecret function');
    expect(error.message).not.toContain('s3cret');
  }); // prettier-ignore
});

test('R25: a clientSecret function is asked once more for refused credentials alone', async () => {
  const { auth } = attach(graphnet, { clientSecret: () => 's3cret', tokenRetry: { retries: 0 } });
  graphnet.onToken = status(500);
  await expect(auth.getToken()).rejects.toMatchObject({ status: 500 });
  expect(graphnet.tokenRequests).toHaveLength(1);
});
