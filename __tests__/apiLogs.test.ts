import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import axios, { type AxiosError } from 'axios';
import { Agent } from 'node:http';
import { inspect } from 'node:util';
import { attach } from './support/attached.js';
import { json, listen, startGraphnet, type Graphnet, type TestServer } from './support/graphnet.js';
import { findCanaries } from './support/search.js';

// What SECURITY.md says of axios's own errors and redirects, proven on the axios that is installed here.

const KEY = 'Ocp-Apim-Subscription-Key';
let graphnet: Graphnet;
beforeEach(async () => {
  graphnet = await startGraphnet();
});
afterEach(() => graphnet.close());

const headers = { [KEY]: 'k3y-of-the-app' };
const secrets = () => [graphnet.issued[0]!, headers[KEY]];

/** The AxiosError of a call that the API answers with 500. */
async function apiError(defaults: object = {}): Promise<AxiosError> {
  graphnet.onApi = (_, response) => json(response, 500, { resourceType: 'OperationOutcome' });
  const { api } = attach(graphnet, {}, { headers, ...defaults });
  const call = api.post('/Patient', { nhs: '9000000009' }, { params: { identifier: '9000000009' } });
  return call.then(
    () => Promise.reject(new Error('no failure')),
    (error: AxiosError) => error,
  );
}

/** The example of SECURITY.md, as it stands there. */
function loggable(error: unknown): object {
  if (!axios.isAxiosError(error)) return error instanceof Error ? { name: error.name, message: error.message } : {};
  const { message, code, status, config } = error;
  const url = config && axios.getUri({ url: config.url, baseURL: config.baseURL } as object);
  const origin = url && URL.canParse(url) ? new URL(url).origin : undefined;
  return { message, code, status, method: config?.method, origin };
}

describe('an AxiosError of an API call is axios’s own', () => {
  test('without more, every way of logging it shows the token and the subscription key', async () => {
    const error = await apiError();
    for (const text of [JSON.stringify(error), inspect(error), inspect(error, { depth: 5 })]) {
      for (const secret of secrets()) expect(text).toContain(secret);
    }
  });

  test('redact: toJSON and JSON.stringify are without them', async () => {
    const error = await apiError({ redact: ['authorization', KEY] });
    const text = JSON.stringify(error);
    expect(text).toContain('[REDACTED ****]');
    expect(findCanaries(text, secrets())).toEqual([]);
    expect(findCanaries(error.toJSON(), secrets())).toEqual([]);
  });

  test('redact does nothing for console.log and util.inspect', async () => {
    const text = inspect(await apiError({ redact: ['authorization', KEY] }));
    for (const secret of secrets()) expect(text).toContain(secret);
  });

  test('redact leaves URL, parameters and body in: they may hold patient data', async () => {
    expect(JSON.stringify(await apiError({ redact: ['authorization', KEY] })).split('9000000009').length).toBe(3);
    const more = await apiError({ redact: ['authorization', KEY, 'url', 'params', 'data'] });
    expect(JSON.stringify(more)).not.toContain('9000000009');
  });

  test('redact goes by names: an agent among the config brings in the sockets, which hold what they sent', async () => {
    const httpAgent = new Agent({ keepAlive: true });
    const error = await apiError({ redact: ['authorization', KEY], httpAgent });
    graphnet.onApi = () => undefined;
    const pending = attach(graphnet, {}, { headers, httpAgent, timeout: 500 })
      .api.get('/slow')
      .catch(() => undefined);
    while (graphnet.apiRequests.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    const sent = graphnet.apiRequests[1]!.headers.authorization!;
    const asIs = JSON.stringify(error.toJSON());
    error.config!.redact = ['authorization', KEY, 'httpAgent', 'httpsAgent'];
    const withAgents = JSON.stringify(error.toJSON());
    await pending;
    httpAgent.destroy();
    expect(asIs).toContain(sent);
    expect(withAgents).not.toContain(sent);
  });

  test.each(['http', 'fetch'] as const)(
    'an allow-list shows none of it, however it is printed (%s)',
    async (adapter) => {
      const shown = loggable(await apiError({ adapter }));
      expect(findCanaries(shown, [...secrets(), '9000000009'])).toEqual([]);
      expect(shown).toEqual({
        message: 'Request failed with status code 500',
        code: 'ERR_BAD_RESPONSE',
        status: 500,
        method: 'post',
        origin: graphnet.origin,
      });
    },
  );

  test('the allow-list takes errors of other kinds', () => {
    expect(loggable(new TypeError('x'))).toEqual({ name: 'TypeError', message: 'x' });
    expect(loggable('x')).toEqual({});
  });
});

describe('a redirect to another origin', () => {
  let elsewhere: TestServer;
  let arrived: Record<string, unknown>[];
  beforeEach(async () => {
    arrived = [];
    elsewhere = await listen((received, response) => {
      arrived.push(received.headers);
      json(response, 200, {});
    });
    graphnet.onApi = ({ url }, response) => {
      if (url === '/final') return json(response, 200, {});
      response.writeHead(307, { Location: url === '/same' ? '/final' : `${elsewhere.origin}/` }).end();
    };
  });
  afterEach(() => elsewhere.close());
  const name = KEY.toLowerCase();

  test('takes the subscription key along, though never the token', async () => {
    await attach(graphnet, {}, { headers }).api.get('/');
    expect(arrived[0]).toMatchObject({ [name]: headers[KEY] });
    expect(arrived[0]).not.toHaveProperty('authorization');
  });

  test('not with sensitiveHeaders; within the origin the key stays', async () => {
    const { api } = attach(graphnet, {}, { headers, sensitiveHeaders: [KEY] });
    await api.get('/');
    expect(arrived).toHaveLength(1);
    expect(arrived[0]).not.toHaveProperty(name);
    await api.get('/same');
    expect(graphnet.apiRequests.at(-1)).toMatchObject({ url: '/final', headers: { [name]: headers[KEY] } });
  });

  test('the fetch adapter knows no sensitiveHeaders; maxRedirects: 0 keeps the key with either adapter', async () => {
    await attach(graphnet, {}, { headers, sensitiveHeaders: [KEY], adapter: 'fetch' }).api.get('/');
    expect(arrived[0]).toMatchObject({ [name]: headers[KEY] });
    for (const adapter of ['http', 'fetch'] as const) {
      const { api } = attach(graphnet, {}, { headers, adapter, maxRedirects: 0 });
      await api.get('/').catch(() => undefined);
    }
    expect(arrived).toHaveLength(1);
  });
});
