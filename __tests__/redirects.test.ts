import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { InternalAxiosRequestConfig } from 'axios';
import { guardRedirects } from '../lib/guardRedirects.js';
import type { RequestNote } from '../lib/requestNote.js';
import { attach } from './support/attached.js';
import { json, listen, startGraphnet, type Graphnet, type TestServer } from './support/graphnet.js';

type BeforeRedirect = NonNullable<InternalAxiosRequestConfig['beforeRedirect']>;

let graphnet: Graphnet;
let elsewhere: TestServer;
let arrived: (string | undefined)[];
beforeEach(async () => {
  graphnet = await startGraphnet();
  arrived = [];
  elsewhere = await listen(({ headers }, response) => {
    arrived.push(headers.authorization);
    json(response, 200, {});
  });
});
afterEach(async () => {
  await graphnet.close();
  await elsewhere.close();
});

const redirectTo = (location: string, status = 302) => {
  graphnet.onApi = ({ url }, response) => {
    if (url === '/final') return json(response, 200, { final: true });
    response.writeHead(status, { Location: location }).end();
  };
};
const portOf = ({ origin }: { origin: string }) => new URL(origin).port;

describe.each([['http' as const], ['fetch' as const]])('R21: redirects, %s adapter', (adapter) => {
  test.each([302, 307])('%d to another origin: the token stays behind', async (status) => {
    const { api } = attach(graphnet, {}, { adapter });
    redirectTo(`${elsewhere.origin}/`, status);
    await api.post('/start', { a: 1 });
    expect(arrived).toEqual([undefined]);
  });

  test('to a path of the same origin: the token goes along', async () => {
    const { api } = attach(graphnet, {}, { adapter });
    redirectTo('/final');
    expect((await api.get('/start')).data).toEqual({ final: true });
    expect(graphnet.apiRequests.map(({ headers }) => headers.authorization)).toEqual(
      Array(2).fill(`Bearer ${graphnet.issued[0]}`),
    );
  });
});

describe('R21: redirects that axios by itself lets the token follow', () => {
  test('to a subdomain on the same port', async () => {
    // Both names are the same loopback server, and two origins.
    const base = `http://localhost:${portOf(graphnet)}`;
    const lookup = (_: string, __: object, done: (error: null, address: string, family: number) => void) =>
      done(null, '127.0.0.1', 4);
    const { api } = attach(graphnet, {}, { baseURL: base, lookup: lookup as never });
    const seen: (string | undefined)[] = [];
    graphnet.onApi = ({ headers }, response) => {
      seen.push(headers.authorization);
      response.writeHead(302, { Location: `http://evil.localhost:${portOf(graphnet)}/final` }).end();
    };
    graphnet.onUnauthorized = ({ headers }, response) => {
      seen.push(headers.authorization);
      json(response, 200, {});
    };
    await api.get('/start');
    expect(seen).toEqual([`Bearer ${graphnet.issued[0]}`, undefined]);
  });

  test('a 401 from the other origin is not about the token: no discard, no replay, and an event says why', async () => {
    const { api, eventsOf } = attach(graphnet);
    const refusing = await listen(({ headers }, response) => {
      arrived.push(headers.authorization);
      json(response, 401, {});
    });
    redirectTo(`${refusing.origin}/`);
    await expect(api.get('/start')).rejects.toMatchObject({ response: { status: 401 } });
    await refusing.close();
    expect(arrived).toEqual([undefined]);
    expect(eventsOf('token-discarded')).toEqual([]);
    expect(eventsOf('not-replayed')).toEqual([
      { type: 'not-replayed', reason: 'other-origin', method: 'GET', origin: graphnet.origin },
    ]);
    redirectTo('/final');
    await api.get('/start');
    expect(graphnet.tokenRequests).toHaveLength(1);
  });

  test('a replay that is not led astray is healed', async () => {
    const { api } = attach(graphnet);
    await api.get('/final').catch(() => undefined);
    graphnet.revokeAll();
    redirectTo('/final');
    expect((await api.get('/start')).data).toEqual({ final: true });
  });

  test('the app’s own beforeRedirect still runs, after the token is off', async () => {
    const seen: boolean[] = [];
    const { api } = attach(
      graphnet,
      {},
      {
        beforeRedirect: (options) => {
          seen.push('Authorization' in (options.headers as object));
          (options.headers as Record<string, string>)['X-Own'] = 'yes';
        },
      },
    );
    redirectTo(`${elsewhere.origin}/`);
    const { config } = await api.get('/start');
    await api.request(config);
    await api.request(config);
    expect(seen).toEqual([false, false, false]);
  });
});

describe('R23: the token request follows no redirect', () => {
  test.each([
    ['http', 302],
    ['http', 307],
    ['fetch', 302],
    ['fetch', 307],
  ])('%s adapter, %d', async (adapter, status) => {
    graphnet.onToken = (_, response) =>
      response.writeHead(status, { Location: `${elsewhere.origin}/token` }).end() && undefined;
    const { auth } = attach(graphnet, {}, { adapter: adapter as 'http' });
    const error = await auth.getToken().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'ERR_GRAPHNET_TOKEN_REQUEST', status });
    expect((error as Error).message).toContain('redirects are not followed');
    expect(arrived).toEqual([]);
    expect(graphnet.tokenRequests).toHaveLength(1);
  });
});

describe('R21: when a redirect leaves the origin', () => {
  const noteOf = (origin: string) => {
    const note = { config: {}, destination: { origin }, hasLeftOrigin: false } as RequestNote;
    guardRedirects(note);
    return note;
  };
  const follow = ({ config }: RequestNote, href: string, headers: object) =>
    config.beforeRedirect!({ href, headers }, {} as never, {} as never);

  test.each<[string, string[], boolean]>([
    ['to a path of the same origin', ['https://api.example/y'], false],
    ['to the default port', ['https://api.example:443/y'], false],
    ['to another scheme', ['http://api.example/y'], true],
    ['to another port', ['https://api.example:8443/y'], true],
    ['to a subdomain', ['https://x.api.example/'], true],
    ['to what is no URL', ['nonsense'], true],
    ['and goes on to a third', ['https://evil.example/', 'https://other.example/'], true],
    ['and comes back', ['https://evil.example/', 'https://api.example/'], true],
  ])('%s', (_, hrefs, leaves) => {
    const note = noteOf('https://api.example');
    const headers = { authorization: 'Bearer x' };
    for (const href of hrefs) follow(note, href, headers);
    expect(headers).toEqual(leaves ? {} : { authorization: 'Bearer x' });
    expect(note.hasLeftOrigin).toBe(leaves);
  });

  test('a config that is sent again, to another origin, is held to that one alone', async () => {
    const guards: BeforeRedirect[] = [];
    const own = () => undefined;
    const adapter = (config: InternalAxiosRequestConfig) => {
      guards.push(config.beforeRedirect!);
      return Promise.resolve({ data: '', status: 200, statusText: 'OK', headers: {}, config });
    };
    const { api } = attach(
      graphnet,
      { allowedOrigins: ['https://files.example'], tokenRequest: { adapter: 'http' } },
      { adapter, beforeRedirect: own },
    );
    const { config } = await api.get('/start');
    await api.request({ ...config, url: 'https://files.example/x' });
    const headers = { Authorization: 'Bearer x' };
    guards[1]!({ href: 'https://files.example/y', headers }, {} as never, {} as never);
    expect(headers).toEqual({ Authorization: 'Bearer x' });
    await api.request({ ...config, graphnetAuth: false });
    expect(guards[2]).toBe(own);
  });
});
