import { describe, expect, jest, test } from '@jest/globals';
import axios, {
  type AxiosInstance,
  type AxiosRequestConfig,
  type CreateAxiosDefaults,
  type InternalAxiosRequestConfig,
} from 'axios';
import fc from 'fast-check';
import { bareInstance } from '../lib/bareInstance.js';
import { createDestinations } from '../lib/destination.js';
import {
  attachGraphnetAuth,
  type GraphnetAuthError,
  type GraphnetAuthEvent,
  type GraphnetAuthOptions,
} from '../lib/index.js';
import type { ResolvedOptions } from '../lib/resolveOptions.js';
import { jwt } from './support/graphnet.js';

const TOKEN_URL = 'https://auth.good.example/oauth/token';

/** An app whose adapter catches every request: no name has to resolve. */
function capture(defaults: CreateAxiosDefaults, options: GraphnetAuthOptions = {}) {
  const sent: InternalAxiosRequestConfig[] = [];
  const events: GraphnetAuthEvent[] = [];
  const adapter = (config: InternalAxiosRequestConfig) => {
    const access_token = jwt({ exp: Math.floor(Date.now() / 1000) + 600 });
    const data = config.url === TOKEN_URL ? { token_type: 'Bearer', access_token } : {};
    if (config.url !== TOKEN_URL) sent.push(config);
    return Promise.resolve({ data, status: 200, statusText: 'OK', headers: {}, config });
  };
  const api = axios.create({ adapter, ...defaults });
  const onEvent = (event: GraphnetAuthEvent) => events.push(event);
  attachGraphnetAuth(api, { clientId: 'a', clientSecret: 'b', tokenUrl: TOKEN_URL, onEvent, ...options });
  const carriesToken = async (config: AxiosRequestConfig) => {
    await api.request(config);
    return sent.at(-1)!.headers.has('Authorization', /^Bearer /);
  };
  return { api, sent, events, carriesToken };
}

describe('R21: with a baseURL the token goes to its origin, that of tokenUrl, and allowedOrigins', () => {
  const BASE = 'https://api.good.example/fhir';
  test.each<[string, AxiosRequestConfig, boolean]>([
    ['relative', { url: '/Patient' }, true],
    ['relative, without a slash', { url: 'Patient' }, true],
    ['no URL at all', {}, true],
    ['absolute, same origin', { url: 'https://api.good.example/other' }, true],
    ['absolute, default port', { url: 'https://api.good.example:443/other' }, true],
    ['upper-case scheme and host', { url: 'HTTPS://API.GOOD.EXAMPLE/other' }, true],
    ['the origin of tokenUrl', { url: 'https://auth.good.example/userinfo' }, true],
    ['an allowed origin', { url: 'https://files.good.example/x' }, true],
    ['another origin', { url: 'https://evil.example/' }, false],
    ['another origin in capitals', { url: 'HTTPS://EVIL.EXAMPLE/' }, false],
    ['a scheme with a plus sign', { url: 'coap+tcp://evil.example/' }, false],
    ['another port', { url: 'https://api.good.example:8443/' }, false],
    ['another scheme', { url: 'http://api.good.example/' }, false],
    ['a subdomain', { url: 'https://x.api.good.example/' }, false],
    ['a prefix', { url: 'https://api.good.example.evil.example/' }, false],
    ['a trailing dot', { url: 'https://api.good.example./' }, false],
    ['protocol-relative', { url: '//evil.example/' }, false],
    ['userinfo that looks like the host', { url: 'https://api.good.example@evil.example/' }, false],
    ['userinfo with a password', { url: 'https://api.good.example:x@evil.example/' }, false],
    ['backslashes', { url: 'https://evil.example\\@api.good.example/' }, false],
    ['a tab in the scheme', { url: 'ht\ttps://evil.example/' }, true],
    ['a host in other letters (IDN)', { url: 'https://аpi.good.example/' }, false],
    ['IPv6', { url: 'https://[2001:db8::1]/' }, false],
    ['IPv4 in an odd notation', { url: 'https://0x7f.1/' }, false],
    ['data:', { url: 'data:text/plain,x', baseURL: '' }, false],
    [
      'absolute URLs switched off: it goes to the base',
      { url: 'https://evil.example/', allowAbsoluteUrls: false },
      true,
    ],
    ['a baseURL of its own', { url: '/x', baseURL: 'https://evil.example' }, false],
    ['a baseURL of its own, same origin', { url: '/x', baseURL: 'https://api.good.example/v2' }, true],
    [
      'its own host does not make a baseURL trusted',
      { url: 'https://evil.example/', baseURL: 'https://evil.example' },
      false,
    ],
  ])('%s', async (_, config, expected) => {
    const { carriesToken, events } = capture({ baseURL: BASE }, { allowedOrigins: ['https://files.good.example/'] });
    // A judgement that is remembered decides on no other URL.
    expect(await carriesToken({ url: '/first' })).toBe(true);
    expect(await carriesToken(config)).toBe(expected);
    // The second time from memory.
    expect(await carriesToken(config)).toBe(expected);
    expect(events.filter(({ type }) => type === 'untrusted-origin')).toHaveLength(expected ? 0 : 2);
  });

  test('the event names the origin and nothing more of the URL', async () => {
    const { carriesToken, events } = capture({ baseURL: BASE });
    await carriesToken({ url: 'https://evil.example/Patient/9000000009?identifier=9000000009', method: 'post' });
    expect(events).toEqual([{ type: 'untrusted-origin', method: 'POST', origin: 'https://evil.example' }]);
  });

  test('what counts is the baseURL of the instance at the time', async () => {
    const { api, carriesToken } = capture({ baseURL: BASE });
    expect(await carriesToken({ url: '/x' })).toBe(true);
    api.defaults.baseURL = 'https://new.good.example';
    expect(await carriesToken({ url: '/x' })).toBe(true);
    expect(await carriesToken({ url: `${BASE}/x` })).toBe(false);
    api.defaults.baseURL = 'not a URL';
    expect(await carriesToken({ url: 'https://api.good.example/' })).toBe(false);
  });

  test('a baseURL that a request brings is judged anew when the instance gets one of its own', async () => {
    const { api, carriesToken } = capture({});
    const config = { url: '/x', baseURL: 'https://one.example' };
    expect(await carriesToken(config)).toBe(true);
    api.defaults.baseURL = BASE;
    expect(await carriesToken(config)).toBe(false);
  });

  test('with allowAbsoluteUrls: false, the origin of an event is the one that the request goes to', async () => {
    const { carriesToken, events } = capture({ baseURL: BASE });
    await carriesToken({ url: 'https://evil.example/', baseURL: 'https://other.example', allowAbsoluteUrls: false });
    expect(events).toEqual([{ type: 'untrusted-origin', method: 'GET', origin: 'https://other.example' }]);
  });

  test('a baseURL that is a path alone, as apps have it whose adapter is their own', async () => {
    const { carriesToken } = capture({ baseURL: '/fhir' });
    expect(await carriesToken({ url: '/Patient' })).toBe(true);
    expect(await carriesToken({ url: 'https://evil.example/' })).toBe(false);
  });
});

describe('R21: without a baseURL', () => {
  test('the token goes to every request', async () => {
    const { carriesToken } = capture({});
    expect(await carriesToken({ url: 'https://one.example/x' })).toBe(true);
    expect(await carriesToken({ url: 'https://two.example/x' })).toBe(true);
    expect(await carriesToken({ url: 'data:text/plain,x' })).toBe(false);
  });

  test('unless allowedOrigins is given, be it empty', async () => {
    const { carriesToken } = capture({}, { allowedOrigins: ['https://one.example'] });
    expect(await carriesToken({ url: 'https://one.example/x' })).toBe(true);
    expect(await carriesToken({ url: 'https://two.example/x' })).toBe(false);
    expect(await carriesToken({ url: 'https://auth.good.example/x' })).toBe(true);
    expect(await capture({}, { allowedOrigins: [] }).carriesToken({ url: 'https://one.example/x' })).toBe(false);
  });

  test('a request that brings a baseURL is held to it', async () => {
    const { carriesToken } = capture({});
    expect(await carriesToken({ url: '/x', baseURL: 'https://one.example' })).toBe(true);
    expect(await carriesToken({ url: 'https://two.example/x', baseURL: 'https://one.example' })).toBe(false);
    expect(await carriesToken({ url: 'https://two.example/x' })).toBe(true);
  });

  test('a path alone, as over a Unix socket', async () => {
    expect(await capture({ socketPath: '/var/run/api.sock' }).carriesToken({ url: '/x' })).toBe(true);
  });

  test('a URL that cannot be parsed goes without', async () => {
    expect(await capture({}).carriesToken({ url: 'https://[nonsense/' })).toBe(false);
  });
});

describe('R21: judgements that are remembered', () => {
  const judgesOf = (instance: AxiosInstance, allowedOrigins?: readonly string[]) => {
    const options = { tokenUrl: new URL(TOKEN_URL), allowedOrigins, allowInsecureHttp: false } as ResolvedOptions;
    return createDestinations(instance, bareInstance(instance), options);
  };
  const outcomeOf = (judges: ReturnType<typeof judgesOf>, config: object): unknown => {
    try {
      return judges(config as InternalAxiosRequestConfig);
    } catch (error) {
      return String(error);
    }
  };
  const BASES = [undefined, 'https://api.good.example/fhir', 'https://api.good.example', 'https://other.example'];
  /** The first one mostly, so that URLs come out that have much in common. */
  const mostly = (first: string, ...others: string[]) =>
    fc.oneof({ weight: 5, arbitrary: fc.constant(first) }, { weight: 1, arbitrary: fc.constantFrom(...others) });
  const url = fc
    .tuple(
      mostly('https:', 'HTTPS:', 'http:', '', 'coap+tcp:'),
      mostly('//', '/', '', '///', '\\\\', '/\t/'),
      mostly('', 'u@', 'u:p@', 'https:', ' '),
      fc.constantFrom('api.good', 'api.good.example', 'other.example', 'API.good.example', '[::1]', ''),
      mostly('', '\t.example', '.evil.example', ':443', ':8443', '@evil.example', '\\@evil.example', 'example'),
      fc.constantFrom('/x', '', '?', '#@evil.example', '?x=https://evil.example/', '\\x', '\n/x'),
    )
    .map((parts) => parts.join(''));

  test('are those that would be made anew', () => {
    const call = fc.record({
      url,
      isObject: fc.boolean(),
      baseURL: fc.oneof(
        { weight: 3, arbitrary: fc.constant(undefined) },
        { weight: 1, arbitrary: fc.constantFrom(...BASES) },
      ),
      /** What the instance has from here on, if anything new. */
      newBase: fc.oneof(
        { weight: 5, arbitrary: fc.constant({}) },
        { weight: 1, arbitrary: fc.record({ baseURL: fc.constantFrom(...BASES) }) },
      ),
      allowAbsoluteUrls: fc.constantFrom(undefined, true, true, false),
      isRepeated: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(call, { minLength: 2, maxLength: 60 }),
        fc.constantFrom(undefined, [], ['https://other.example']),
        (calls, allowedOrigins) => {
          const instance = axios.create();
          const remembering = judgesOf(instance, allowedOrigins);
          for (const { url, isObject, newBase, isRepeated, ...config } of calls) {
            Object.assign(instance.defaults, newBase);
            const given = isObject && URL.canParse(url) ? new URL(url) : url;
            const baseURL = config.baseURL ?? instance.defaults.baseURL;
            const merged = { ...config, baseURL, url: given };
            for (let times = isRepeated ? 2 : 1; times > 0; times--) {
              expect(outcomeOf(remembering, merged)).toEqual(outcomeOf(judgesOf(instance, allowedOrigins), merged));
            }
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  test.each([
    ['https://one\t.evil.example/', 'https://one/'],
    ['https://one\\.evil.example/', 'https://one/'],
    ['https:///one.example/', 'https:///evil.example/'],
    ['https:one.example/', 'https:evil.example/'],
  ])('%j decides nothing about %j', (first, second) => {
    const instance = axios.create();
    const remembering = judgesOf(instance);
    outcomeOf(remembering, { url: first });
    expect(outcomeOf(remembering, { url: second })).toEqual(outcomeOf(judgesOf(instance), { url: second }));
  });

  test.each(['http://', 'https:', 'https:///'])('a base that names no host (%s) decides nothing', (baseURL) => {
    const instance = axios.create({ baseURL });
    const remembering = judgesOf(instance);
    outcomeOf(remembering, { baseURL, url: 'one.example/x' });
    const config = { baseURL, url: 'two.example/x' };
    expect(outcomeOf(remembering, config)).toEqual(outcomeOf(judgesOf(instance), config));
  });

  test.each([false, 0, null])('what axios makes of allowAbsoluteUrls: %j counts', async (allowAbsoluteUrls) => {
    const { default: older } = (await import('axios-1.8')) as unknown as { default: typeof axios };
    const good = 'https://api.good.example';
    const judges = judgesOf(older.create({ baseURL: good }));
    for (const [url, baseURL] of [
      [`${good}/x`, 'https://evil.example'],
      ['https://evil.example/x', good],
    ] as const) {
      const config = { url, baseURL, allowAbsoluteUrls } as object;
      const origin = new URL(older.getUri(config)).origin;
      expect(outcomeOf(judges, config)).toEqual({ origin, verdict: origin === good ? 'trusted' : 'untrusted' });
    }
    expect(outcomeOf(judges, { url: 'https://evil.example/y', baseURL: good })).toMatchObject({ verdict: 'untrusted' });
  });

  test('are made once for each base and each authority, but for the last few', () => {
    const instance = axios.create({ baseURL: 'https://api.good.example' });
    const bare = bareInstance(instance);
    const getUri = jest.spyOn(bare, 'getUri');
    const options = { tokenUrl: new URL(TOKEN_URL) } as ResolvedOptions;
    const destinationOf = createDestinations(instance, bare, options);
    const ask = (config: AxiosRequestConfig) =>
      destinationOf({ baseURL: instance.defaults.baseURL, ...config } as InternalAxiosRequestConfig);
    for (const path of ['/1', '2', '/3?x=https://api.good.example', '']) ask({ url: path });
    for (const path of ['/1', '?2', '#3', '']) ask({ url: `https://one.example${path}` });
    for (const path of ['/1', '/2']) ask({ url: path, baseURL: 'https://two.example' });
    expect(getUri).toHaveBeenCalledTimes(3);
    for (let host = 0; host < 1000; host++) ask({ url: `https://host-${host}.example/` });
    expect(getUri).toHaveBeenCalledTimes(1003);
    ask({ url: 'https://host-999.example/x' });
    expect(getUri).toHaveBeenCalledTimes(1003);
    ask({ url: 'https://one.example/' });
    expect(getUri).toHaveBeenCalledTimes(1004);
  });
});

describe('R21: a config that is sent again', () => {
  test('does not take its old token to another origin', async () => {
    const { api, sent } = capture({ baseURL: 'https://api.good.example' });
    const { config } = await api.get('/x');
    await api.request({ ...config, url: 'https://evil.example/' });
    expect(sent.map(({ headers }) => headers.has('Authorization'))).toEqual([true, false]);
    await api.request({ ...sent[1], url: '/x' });
    await api.request({ ...sent[0], graphnetAuth: false });
    expect(sent.map(({ headers }) => headers.has('Authorization'))).toEqual([true, false, true, false]);
  });
});

describe('R22: no token over plain http', () => {
  test.each([
    ['http://api.example/', false],
    ['http://192.168.0.1/', false],
    ['http://127.0.0.1.evil.example/', false],
    ['http://0.0.0.0/', false],
    ['http://128.0.0.1/', false],
    ['http://127.9.9.9/', true],
    ['http://notlocalhost/', false],
    ['http://localhost.evil.example/', false],
    ['http://localhost:8080/', true],
    ['http://api.localhost/', true],
    ['http://127.0.0.1/', true],
    ['http://127.1/', true],
    ['http://[::1]:8080/', true],
    ['https://api.example/', true],
    ['ftp://api.example/', false],
  ])('%s may have the token: %s', async (url, expected) => {
    const { api, sent } = capture({ baseURL: url });
    const error = await api.get('x').then(
      () => undefined,
      (reason: GraphnetAuthError) => reason,
    );
    expect(sent).toHaveLength(expected ? 1 : 0);
    if (!expected) expect(error).toMatchObject({ code: 'ERR_GRAPHNET_INSECURE_URL' });
  });

  test('axios before 1.16 takes a URL without slashes for an absolute one', async () => {
    const { default: older } = (await import('axios-1.8')) as unknown as { default: typeof axios };
    const sent: string[] = [];
    const api = older.create({
      adapter: (config) => {
        sent.push(config.url!);
        const access_token = jwt({ exp: Math.floor(Date.now() / 1000) + 600 });
        const data = { token_type: 'Bearer', access_token };
        return Promise.resolve({ data, status: 200, statusText: 'OK', headers: {}, config });
      },
    });
    attachGraphnetAuth(api, { clientId: 'a', clientSecret: 'b', tokenUrl: TOKEN_URL });
    await expect(api.get('http:api.example/x')).rejects.toMatchObject({ code: 'ERR_GRAPHNET_INSECURE_URL' });
    expect(sent).toEqual([]);
  });

  test('with allowInsecureHttp it may', async () => {
    expect(
      await capture({ baseURL: 'http://api.example/' }, { allowInsecureHttp: true }).carriesToken({ url: 'x' }),
    ).toBe(true);
  });

  test('nor a secret: the token request is refused, or allowed', async () => {
    const asked: unknown[] = [];
    const adapter = (config: { url?: string }) => Promise.reject(new Error(String(asked.push(config.url))));
    const options = {
      clientId: 'a',
      clientSecret: 'b',
      tokenUrl: 'http://auth.example/token',
      tokenRetry: { retries: 0 },
    };
    const refused = attachGraphnetAuth(axios.create({ adapter }), options);
    await expect(refused.getToken()).rejects.toMatchObject({ code: 'ERR_GRAPHNET_INSECURE_URL' });
    expect(asked).toEqual([]);
    const allowed = attachGraphnetAuth(axios.create({ adapter }), { ...options, allowInsecureHttp: true });
    await expect(allowed.getToken()).rejects.toMatchObject({ code: 'ERR_GRAPHNET_TOKEN_REQUEST' });
    expect(asked).toEqual(['http://auth.example/token']);
  });
});
