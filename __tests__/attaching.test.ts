import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import axios, { type AxiosInstance } from 'axios';
import { attachGraphnetAuth } from '../lib/index.js';
import { placeInnermost, type Handler, type Manager } from '../lib/innermost.js';
import { attach } from './support/attached.js';
import { json, startGraphnet, type Graphnet } from './support/graphnet.js';
import { deferred } from './support/schedule.js';

let graphnet: Graphnet;
beforeEach(async () => {
  graphnet = await startGraphnet();
});
afterEach(() => graphnet.close());

const managersOf = ({ interceptors }: AxiosInstance) =>
  [interceptors.request, interceptors.response] as unknown as (Manager & AxiosInstance['interceptors']['request'])[];
const handlersOf = (api: AxiosInstance) =>
  managersOf(api).map(({ handlers }) => (handlers ?? []).filter((handler) => handler !== null));
const hasOwnForEach = (api: AxiosInstance) => managersOf(api).map((manager) => Object.hasOwn(manager, 'forEach'));
const statusOf = async (api: AxiosInstance, url = '/x') => (await api.get(url, { validateStatus: () => true })).status;

/** Registers one interceptor on either side, which writes down its name; the ids are those of both. */
function register(api: AxiosInstance, log: string[], name: string): number[] {
  return managersOf(api).map((manager) => manager.use((value) => (log.push(name), value)));
}
const eject = (api: AxiosInstance, ids: number[]) =>
  managersOf(api).forEach((manager, index) => manager.eject(ids[index]!));

/** What another package does that wraps `forEach`; returns what takes it off again. */
function wrap(api: AxiosInstance): () => void {
  const undo = managersOf(api).map((manager) => {
    const earlier = Object.getOwnPropertyDescriptor(manager, 'forEach');
    const inner = manager.forEach;
    manager.forEach = (visit) => inner.call(manager, visit);
    return () => {
      if (earlier) Object.defineProperty(manager, 'forEach', earlier);
      else Reflect.deleteProperty(manager, 'forEach');
    };
  });
  return () => undo.forEach((off) => off());
}

async function expectOneTokenAndOneReplay(api: AxiosInstance) {
  const { tokenRequests, apiRequests } = graphnet;
  expect(await statusOf(api)).toBe(200);
  const [tokens, requests] = [tokenRequests.length, apiRequests.length];
  graphnet.revokeAll();
  expect(await statusOf(api)).toBe(200);
  expect([tokenRequests.length - tokens, apiRequests.length - requests]).toEqual([1, 2]);
  const sent = apiRequests.at(-1)!.rawHeaders.filter((name) => name.toLowerCase() === 'authorization');
  expect(sent).toHaveLength(1);
}

async function expectUntouched(api: AxiosInstance) {
  const { tokenRequests, apiRequests } = graphnet;
  const [tokens, requests] = [tokenRequests.length, apiRequests.length];
  expect(await statusOf(api)).toBe(401);
  expect([tokenRequests.length - tokens, apiRequests.length - requests]).toEqual([0, 1]);
  expect(apiRequests.at(-1)!.headers).not.toHaveProperty('authorization');
}

describe('R12: the app’s hold on its own interceptors', () => {
  test('the ids that it got before and after the attach stay valid', async () => {
    const api = axios.create({ baseURL: graphnet.origin });
    const log: string[] = [];
    const before = register(api, log, 'before');
    attachGraphnetAuth(api, graphnet.credentials);
    const after = register(api, log, 'after');
    const last = register(api, log, 'last');
    await statusOf(api);
    expect(log).toEqual(['last', 'after', 'before', 'before', 'after', 'last']);
    for (const [ids, left] of [[before, ['last', 'after', 'after', 'last']], [last, ['after', 'after']], [after, []]] as const) {
      log.length = 0;
      eject(api, ids);
      await expectOneTokenAndOneReplay(api);
      expect(log).toEqual([...left, ...left]);
    }
  }); // prettier-ignore

  test('clear() by the app takes the package off as well; it can be attached again', async () => {
    const { api, auth } = attach(graphnet);
    await auth.getToken();
    api.interceptors.response.clear();
    graphnet.revokeAll();
    expect(await statusOf(api)).toBe(401);
    expect(graphnet.apiRequests[0]!.headers.authorization).toBe(`Bearer ${graphnet.issued[0]}`);
    api.interceptors.request.clear();
    await expectUntouched(api);
    attachGraphnetAuth(api, graphnet.credentials);
    await expectOneTokenAndOneReplay(api);
    expect(handlersOf(api).map(({ length }) => length)).toEqual([1, 1]);
  });

  // In axios before 1.20 an id is a position in the list.
  test.each(['axios', 'axios-1.19', 'axios-1.2'])(
    'detach after clear() leaves what the app has registered since: %s',
    async (name) => {
      const { default: copy } = (await import(name)) as { default: typeof axios };
      const api = copy.create({ baseURL: graphnet.origin });
      const auth = attachGraphnetAuth(api, graphnet.credentials);
      const log: string[] = [];
      managersOf(api).forEach((manager) => manager.clear());
      register(api, log, 'since');
      auth.detach();
      await expectUntouched(api);
      expect(log).toEqual(['since', 'since']);
    },
  );

  test.each(['axios', 'axios-1.19', 'axios-1.2'])(
    'so does detach when the app has dropped the list: %s',
    async (name) => {
      const { default: copy } = (await import(name)) as { default: typeof axios };
      const api = copy.create({ baseURL: graphnet.origin });
      const auth = attachGraphnetAuth(api, graphnet.credentials);
      managersOf(api).forEach((manager) => Object.assign(manager, { handlers: null }));
      await expectUntouched(api);
      expect(() => auth.detach()).not.toThrow();
      expect(hasOwnForEach(api)).toEqual([false, false]);
    },
  );
});

describe('detach', () => {
  test('leaves the lists and the managers as found', () => {
    const api = axios.create({ baseURL: graphnet.origin });
    const log: string[] = [];
    register(api, log, 'a');
    const b = register(api, log, 'b');
    register(api, log, 'c');
    eject(api, b);
    const found = handlersOf(api);
    const auth = attachGraphnetAuth(api, graphnet.credentials);
    expect(handlersOf(api)).not.toEqual(found);
    auth.detach();
    auth.detach();
    handlersOf(api).forEach((handlers, side) => {
      expect(handlers).toHaveLength(2);
      handlers.forEach((handler, index) => expect(handler).toBe(found[side]![index]));
    });
    expect(hasOwnForEach(api)).toEqual([false, false]);
  });

  test('puts back a forEach that another package had put there', async () => {
    const api = axios.create({ baseURL: graphnet.origin });
    const unwrap = wrap(api);
    const found = managersOf(api).map((manager) => Object.getOwnPropertyDescriptor(manager, 'forEach'));
    const auth = attachGraphnetAuth(api, graphnet.credentials);
    await expectOneTokenAndOneReplay(api);
    auth.detach();
    expect(managersOf(api).map((manager) => Object.getOwnPropertyDescriptor(manager, 'forEach'))).toEqual(found);
    await expectUntouched(api);
    unwrap();
    expect(hasOwnForEach(api)).toEqual([false, false]);
  });

  test('walks through that forEach also where there is no interceptor but its own', async () => {
    const api = axios.create({ baseURL: graphnet.origin });
    const walked = managersOf(api).map((manager) => {
      const spy = jest.fn(manager.forEach);
      manager.forEach = spy;
      return spy;
    });
    const auth = attachGraphnetAuth(api, graphnet.credentials);
    await auth.getToken();
    await expect(api.get('/')).resolves.toMatchObject({ status: 200 });
    for (const spy of walked) expect(spy).toHaveBeenCalledTimes(1);
  });

  test('in the wrong order, below a wrapper that came later', async () => {
    const { api, auth } = attach(graphnet);
    const log: string[] = [];
    register(api, log, 'app');
    const unwrap = wrap(api);
    await expectOneTokenAndOneReplay(api);
    const theirs = managersOf(api).map(({ forEach }) => forEach);
    auth.detach();
    expect(managersOf(api).map(({ forEach }) => forEach)).toEqual(theirs);
    log.length = 0;
    await expectUntouched(api);
    expect(log).toEqual(['app', 'app']);
    const again = attachGraphnetAuth(api, graphnet.credentials);
    await expectOneTokenAndOneReplay(api);
    again.detach();
    unwrap();
    await expectUntouched(api);
    attachGraphnetAuth(api, graphnet.credentials);
    await expectOneTokenAndOneReplay(api);
  });

  test('a 401 then goes through untouched, and the package can be attached again', async () => {
    const { api, auth } = attach(graphnet);
    await expectOneTokenAndOneReplay(api);
    auth.detach();
    await expectUntouched(api);
    attachGraphnetAuth(api, auth);
    await expectOneTokenAndOneReplay(api);
    auth.detach();
    await expectOneTokenAndOneReplay(api);
  });

  test('requests in flight settle as if it had not been called: awaiting a token, an answer, a replay', async () => {
    const { api, auth } = attach(graphnet);
    const [asked, mayAnswer] = [deferred<void>(), deferred<void>()];
    const askFor = async (url: string, on: 'onToken' | 'onUnauthorized', arrived = asked, may = mayAnswer) => {
      graphnet[on] = async (_, response) => {
        arrived.resolve();
        await may.promise;
        if (on === 'onUnauthorized') return json(response, 401, {});
        json(response, 200, { token_type: 'Bearer', access_token: graphnet.issue() });
      };
      const answer = statusOf(api, url);
      await arrived.promise;
      graphnet[on] = undefined;
      return { answer };
    };
    const token = await askFor('/token', 'onToken');
    auth.detach();
    mayAnswer.resolve();
    expect(await token.answer).toBe(200);

    for (const on of ['onUnauthorized', 'onToken'] as const) {
      const again = attachGraphnetAuth(api, auth);
      graphnet.revokeAll();
      const may = deferred<void>();
      const { answer } = await askFor('/healed', on, deferred<void>(), may);
      again.detach();
      may.resolve();
      expect(await answer).toBe(200);
    }
    await expectUntouched(api);
  });
});

describe('R16: attaching again', () => {
  test.each<[string, (api: AxiosInstance, earlier: ReturnType<typeof attachGraphnetAuth>) => unknown]>([
    ['with options', (api) => attachGraphnetAuth(api, graphnet.credentials)],
    ['with its own handle', (api, earlier) => attachGraphnetAuth(api, earlier)],
  ])('%s: one token, one replay, one of each interceptor', async (_, attachAgain) => {
    const { api, auth } = attach(graphnet);
    await auth.getToken();
    attachAgain(api, auth);
    attachAgain(api, auth);
    auth.detach();
    await expectOneTokenAndOneReplay(api);
    expect(handlersOf(api).map(({ length }) => length)).toEqual([1, 1]);
  });

  test('an attach that fails leaves the earlier one in place', async () => {
    const { api } = attach(graphnet);
    expect(() => attachGraphnetAuth(api, { ...graphnet.credentials, clientId: '' })).toThrow('clientId');
    await expectOneTokenAndOneReplay(api);
  });

  test('the handle of another instance serves also after that one has detached', async () => {
    const first = attach(graphnet);
    const second = axios.create({ baseURL: graphnet.origin });
    const token = await first.auth.getToken();
    first.auth.detach();
    const shared = attachGraphnetAuth(second, first.auth);
    expect((await shared.getToken()).value).toBe(token.value);
    await expectOneTokenAndOneReplay(second);
    await expectUntouched(first.api);
    shared.detach();
    await expectUntouched(second);
  });

  test('R30: two instances with one store share a token without a handle', async () => {
    const kept = new Map<string, string>();
    const store = {
      get: (key: string) => Promise.resolve(kept.get(key)),
      set: (key: string, value: string) => Promise.resolve(kept.set(key, value)),
      delete: (key: string) => Promise.resolve(kept.delete(key)),
    };
    const { value } = await attach(graphnet, { store }).auth.getToken();
    expect((await attach(graphnet, { store }).auth.getToken()).value).toBe(value);
    expect(graphnet.tokenRequests).toHaveLength(1);
  });

  test('an instance without default headers will do', async () => {
    const api = axios.create({ baseURL: graphnet.origin });
    api.defaults.headers = undefined as never;
    attachGraphnetAuth(api, graphnet.credentials);
    await expectOneTokenAndOneReplay(api);
  });
});

describe('a config that the app sends again', () => {
  test('R6: is a call of its own: after one that was healed it is healed too', async () => {
    const { api } = attach(graphnet);
    await api.get('/x');
    graphnet.revokeAll();
    const { config } = await api.get('/x');
    graphnet.revokeAll();
    expect((await api.request(config)).status).toBe(200);
  });

  test.each([true, false])('R1: carries the current token (the old one still on it: %s)', async (isStillOn) => {
    const { api, auth } = attach(graphnet);
    const { config } = await api.get('/x');
    if (!isStillOn) config.headers.delete('Authorization');
    auth.invalidate();
    expect((await api.request(config)).status).toBe(200);
    expect(graphnet.apiRequests[1]!.headers.authorization).toBe(`Bearer ${graphnet.issued[1]}`);
  });
});

test('a manager that keeps its list to itself: its own order is left alone', () => {
  const visited: unknown[] = [];
  const list: Handler[] = [{ fulfilled: 'own', rejected: undefined }];
  const manager: Manager = {
    forEach: (visit) => list.forEach(visit),
    eject: (id) => void list.splice(id, 1),
  };
  const off = placeInnermost(manager, 0, () => visited.push('walked'));
  manager.forEach(({ fulfilled }) => visited.push(fulfilled));
  expect(visited).toEqual(['own']);
  off();
  expect(list).toEqual([]);
});
