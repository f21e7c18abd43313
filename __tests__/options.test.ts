import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import axios, { AxiosError, type InternalAxiosRequestConfig } from 'axios';
import { attachGraphnetAuth, GraphnetAuthError, isGraphnetAuthError, type GraphnetAuthOptions } from '../lib/index.js';
import { startGraphnet } from './support/graphnet.js';

const NAMES = ['GRAPHNET_CLIENT_ID', 'GRAPHNET_CLIENT_SECRET', 'GRAPHNET_TOKEN_URL'] as const;
const before = NAMES.map((name) => process.env[name]);
beforeEach(() => NAMES.forEach((name) => delete process.env[name]));
afterEach(() =>
  NAMES.forEach((name, index) => {
    if (before[index] === undefined) delete process.env[name];
    else process.env[name] = before[index];
  }),
);

function problemsWith(options: unknown, instance: unknown = axios.create()): string {
  try {
    attachGraphnetAuth(instance as never, options as GraphnetAuthOptions);
  } catch (error) {
    if (!isGraphnetAuthError(error)) throw error;
    expect(error.code).toBe('ERR_GRAPHNET_CONFIG');
    return error.message;
  }
  return '';
}

const RIGHT = { clientId: 'a', clientSecret: 'b' };

describe('ERR_GRAPHNET_CONFIG', () => {
  test('names every problem at once, with the option and the environment variable', () => {
    const message = problemsWith({ tokenUrl: 'ftp://x', allowedOrigins: ['nonsense'], store: {}, clientID: 'typo' });
    for (const name of [...NAMES, 'clientId', 'clientSecret', 'tokenUrl', 'allowedOrigins', 'store', 'clientID']) {
      expect(message).toContain(name);
    }
  });

  test.each([
    ['clientId', ''],
    ['clientId', 7],
    ['clientSecret', ' '],
    ['clientSecret', { secret: 'x' }],
    ['tokenUrl', '/oauth/token'],
    ['tokenUrl', 'https://user:password@auth.example.org/'],
    ['tokenUrl', 'https://user@auth.example.org/'],
    ['tokenUrl', 'https://:password@auth.example.org/'],
    ['allowedOrigins', 'https://api.example.org'],
    ['allowedOrigins', ['https://api.example.org/path']],
    ['allowedOrigins', ['https://api.example.org?query']],
    ['allowedOrigins', ['https://api.example.org#hash']],
    ['allowedOrigins', ['https://*.example.org']],
    // A list with a hole.
    ['allowedOrigins', Array(1)],
    ['allowInsecureHttp', 'yes'],
    ['tokenRequest', 'proxy'],
    ['tokenRequest', []],
    ['tokenRetry', 3],
    ['store', { get: () => undefined }],
    ['onEvent', 'log'],
    ['notAnOption', true],
    ['toString', true],
  ])('%s: %j', (name, value) => {
    const message = problemsWith({ ...RIGHT, [name]: value });
    expect(message).toContain(`${name} `);
    expect(message.split(';')).toHaveLength(1);
  });

  test.each([
    ['nothing', undefined],
    ['a number', 5],
    ['a function', () => undefined],
    ['the axios module namespace', { default: axios }],
    ['a lookalike', { interceptors: {}, defaults: {} }],
  ])('a first argument that is %s', (_, instance) => {
    expect(problemsWith({}, instance ?? null)).toMatch(/axios instance.*clientId/);
  });

  test('options that are no object', () => {
    expect(problemsWith('id:secret')).toContain('options must be an object');
    expect(problemsWith(null)).toContain('options must be an object');
    expect(problemsWith([])).toContain('options must be an object');
  });

  test.each([
    ['common', { headers: { common: { authorization: 'Bearer old' } } }],
    ['one method', { headers: { post: { Authorization: 'Bearer old' } } }],
    ['all', { headers: { Authorization: 'Bearer old' } }],
  ])('R15: an Authorization among the default headers (%s)', (_, defaults) => {
    expect(problemsWith(RIGHT, axios.create(defaults))).toContain('Authorization');
    const handle = attachGraphnetAuth(axios.create(), RIGHT);
    expect(problemsWith(handle, axios.create(defaults))).toContain('Authorization');
  });

  test('an instance without default headers is as good as any', () => {
    const instance = axios.create();
    Object.assign(instance.defaults, { headers: undefined });
    expect(attachGraphnetAuth(instance, RIGHT)).toHaveProperty('detach');
  });

  test('a wrong option is named, its value is not shown', () => {
    expect(problemsWith({ clientId: 'a', clientSecret: ['hunter2'] })).not.toContain('hunter2');
  });
});

describe('section 2: where the options come from', () => {
  test('one line is enough: credentials and token URL from the environment', async () => {
    const graphnet = await startGraphnet();
    process.env.GRAPHNET_CLIENT_ID = 'from-env';
    process.env.GRAPHNET_CLIENT_SECRET = 'secret-from-env';
    process.env.GRAPHNET_TOKEN_URL = graphnet.tokenUrl;
    const api = axios.create({ baseURL: graphnet.origin });
    attachGraphnetAuth(api);
    await expect(api.get('/Patient')).resolves.toMatchObject({ status: 200 });
    expect(graphnet.tokenRequests[0]!.body.toString()).toContain('client_id=from-env&client_secret=secret-from-env');
    await graphnet.close();
  });

  test('options win over the environment; undefined is no option', async () => {
    const graphnet = await startGraphnet();
    process.env.GRAPHNET_CLIENT_ID = 'from-env';
    const auth = attachGraphnetAuth(axios.create(), {
      clientId: undefined as never,
      clientSecret: 'option',
      tokenUrl: graphnet.tokenUrl,
    });
    await auth.getToken();
    expect(graphnet.tokenRequests[0]!.body.toString()).toContain('client_id=from-env&client_secret=option');
    await graphnet.close();
  });

  test('R23, R25: so it is in tokenRequest and tokenRetry; a baseURL there does not lead the secret astray', async () => {
    const asked: InternalAxiosRequestConfig[] = [];
    const adapter = (config: InternalAxiosRequestConfig) => {
      asked.push(config);
      return Promise.reject(new AxiosError('down', 'ECONNRESET', config));
    };
    const auth = attachGraphnetAuth(axios.create({ adapter }), {
      ...RIGHT,
      tokenRequest: { timeout: undefined, baseURL: 'https://evil.example', allowAbsoluteUrls: false } as object,
      tokenRetry: { retries: undefined as never, retryDelay: () => 0, retryCondition: undefined as never },
    });
    await expect(auth.getToken()).rejects.toMatchObject({ code: 'ERR_GRAPHNET_TOKEN_REQUEST' });
    expect(asked.map(({ timeout }) => timeout)).toEqual(Array(4).fill(10_000));
    expect(asked.map((config) => axios.getUri(config))).toEqual(
      Array(4).fill('https://coret1.syhapp.com/vlive/hpca/oauth/token'),
    );
  });

  test('the default token URL is the documented one', async () => {
    const asked: unknown[] = [];
    const adapter = (config: { url?: string }) => {
      asked.push(config.url);
      return Promise.reject(new Error('no network here'));
    };
    // As from an empty line in an `.env` file.
    process.env.GRAPHNET_TOKEN_URL = '';
    const auth = attachGraphnetAuth(axios.create({ adapter }), RIGHT);
    await expect(auth.getToken()).rejects.toThrow(GraphnetAuthError);
    expect(asked[0]).toBe('https://coret1.syhapp.com/vlive/hpca/oauth/token');
  });
});
