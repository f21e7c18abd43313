import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import axios, {
  AxiosError,
  type AxiosInstance,
  type AxiosResponse,
  type CreateAxiosDefaults,
  type InternalAxiosRequestConfig,
} from 'axios';
import { attachGraphnetAuth } from '../lib/index.js';
import { attach } from './support/attached.js';
import { json, startGraphnet, type Graphnet } from './support/graphnet.js';

let graphnet: Graphnet;
beforeEach(async () => {
  graphnet = await startGraphnet();
});
afterEach(() => graphnet.close());

/** Names neither request nor answer. */
class AppError extends Error {}
const THROWN = new AppError('of the app');
const fail = () => {
  throw THROWN;
};

/** Where an app registers its interceptors, in the pace of the test. */
interface App {
  name: string;
  onRequest(work: (config: InternalAxiosRequestConfig) => InternalAxiosRequestConfig): void;
  onResponse(fulfilled?: (value: AxiosResponse) => unknown, rejected?: (error: AxiosError) => unknown): void;
}

function appOf(api: AxiosInstance, name: string, isSynchronous: boolean): App {
  const paced = <A, B>(work: ((value: A) => B) | undefined): ((value: A) => any) | undefined =>
    work && !isSynchronous
      ? async (value: A) => {
          await Promise.resolve();
          return work(value);
        }
      : work;
  const { request, response } = api.interceptors;
  return {
    name,
    onRequest: (work) => void request.use(paced(work), undefined, { synchronous: isSynchronous }),
    onResponse: (fulfilled, rejected) => void response.use(paced(fulfilled), paced(rejected)),
  };
}

/** What an interceptor or a caller sees, but for the token. */
function look(value: unknown): unknown {
  if (value instanceof AppError) return { class: 'AppError', message: value.message, keys: Object.keys(value) };
  if (value instanceof AxiosError) {
    return { class: 'AxiosError', message: value.message, code: value.code, response: look(value.response) };
  }
  if (typeof value !== 'object' || value === null || !('config' in value)) return value;
  const { status, data, config } = value as { status: number; data: unknown; config: Record<string, unknown> };
  const headers = Object.entries(config.headers as object).filter(([name]) => name !== 'Authorization');
  const { url, method, params, transitional, data: body } = config;
  return { status, data, config: { url, method, params, transitional, body, headers } };
}

interface Kind {
  /** What the API answers in the end. */
  status: number;
  register(app: App): void;
  /** What the call comes to, where that can be told without looking at plain axios. */
  outcome?: unknown;
}

const KINDS: Record<string, Kind> = {
  'only look': { status: 200, register: () => undefined },
  'only look, at a failure': { status: 500, register: () => undefined },
  'map errors to a class that names no request': {
    status: 404,
    register: ({ name, onResponse }) =>
      onResponse(undefined, (error) => {
        throw new AppError(`${name}: ${error.message}`);
      }),
  },
  'map a last 401 to such a class': {
    status: 401,
    register: ({ name, onResponse }) =>
      onResponse(undefined, (error) => {
        throw new AppError(`${name}: ${error.message}`);
      }),
  },
  'unwrap responses': { status: 200, register: ({ onResponse }) => onResponse((value) => value.data) },
  'throw in a request interceptor': { status: 200, register: ({ onRequest }) => onRequest(fail), outcome: THROWN },
  'throw in a response interceptor': { status: 200, register: ({ onResponse }) => onResponse(fail), outcome: THROWN },
  'change header, URL and params': {
    status: 200,
    register: ({ name, onRequest }) =>
      onRequest((config) => {
        config.headers.set('X-App', `${String(config.headers.get('X-App') ?? '')}${name};`);
        return { ...config, url: `${config.url}/${name}`, params: { ...(config.params as object), [name]: 1 } };
      }),
  },
};

type Start = 'plain axios' | 'no token yet' | 'token at hand' | 'token revoked';

interface Setting {
  kind: Kind;
  places: readonly string[];
  isSynchronous: boolean;
  transitional: CreateAxiosDefaults['transitional'];
}

/** One call of an app whose interceptors also write down what they see. */
async function call(start: Start, { kind, places, isSynchronous, transitional }: Setting) {
  const api = axios.create({ baseURL: graphnet.origin, ...(transitional && { transitional }) });
  const log: { by: string; saw: unknown }[] = [];
  const register = (name: string) => {
    const app = appOf(api, name, isSynchronous);
    const see = (by: string, saw: unknown) => void log.push({ by: `${name}: ${by}`, saw: look(saw) });
    app.onRequest((config) => {
      see('request', `${config.url}, ${config.headers.has('Authorization') ? 'with' : 'without'} a token`);
      return config;
    });
    kind.register(app);
    app.onResponse(
      (value) => {
        see('response', value);
        return value;
      },
      (error) => {
        see('response', error);
        throw error;
      },
    );
  };
  if (places.includes('before')) register('before');
  if (start === 'plain axios') {
    const token = graphnet.issue();
    api.defaults.adapter = (config) => {
      config.headers.set('Authorization', `Bearer ${token}`);
      return axios.getAdapter('http')(config);
    };
  } else {
    const auth = attachGraphnetAuth(api, graphnet.credentials);
    if (start !== 'no token yet') await auth.getToken();
    if (start === 'token revoked') graphnet.revokeAll();
  }
  if (places.includes('after')) register('after');
  const arrived = graphnet.apiRequests.length;
  const outcome: unknown = await api.post('/x', { a: 1 }).catch((error: unknown) => error);
  const requests = graphnet.apiRequests.slice(arrived).map(({ method, url, headers, body }) => {
    const { authorization, ...others } = headers;
    return { method, url, others, body: body.toString(), hasToken: authorization !== undefined };
  });
  return { log, outcome, requests };
}

const ORDERS = [undefined, true, false];
const MATRIX = [['before'], ['after'], ['before', 'after']].flatMap((places) =>
  ORDERS.flatMap((order) => [true, false].map((isSynchronous) => [places, order, isSynchronous] as const)),
);

describe.each(MATRIX)(
  'R12: app interceptors registered %j the attach, legacyInterceptorReqResOrdering %s, synchronous %s',
  (places, order, isSynchronous) => {
    const transitional = order === undefined ? undefined : { legacyInterceptorReqResOrdering: order };
    test.each(Object.keys(KINDS))('%s', async (name) => {
      const kind = KINDS[name]!;
      const setting = { kind, places, isSynchronous, transitional };
      graphnet.onApi = (_, response) => json(response, kind.status, { data: { resourceType: 'Patient' } });
      const plain = await call('plain axios', setting);
      const [tried] = plain.requests;
      for (const start of ['no token yet', 'token at hand', 'token revoked'] as const) {
        const asked = graphnet.tokenRequests.length;
        const { log, outcome, requests } = await call(start, setting);
        expect(log).toEqual(plain.log);
        expect(look(outcome)).toEqual(look(plain.outcome));
        if (kind.outcome) expect(outcome).toBe(kind.outcome);
        // A last 401 has been replayed too, whatever it started from.
        const isReplayed = start === 'token revoked' || kind.status === 401;
        expect(requests).toEqual(tried ? Array(isReplayed ? 2 : 1).fill(tried) : []);
        if (!tried && start === 'no token yet') expect(graphnet.tokenRequests).toHaveLength(asked);
      }
      const ran = plain.log.map(({ by }) => by);
      expect(new Set(ran).size).toBe(ran.length);
      if (!kind.outcome) expect(ran).toHaveLength(2 * places.length);
    });
  },
);

describe('R12: next to the adapter', () => {
  test.each<[string, (api: AxiosInstance) => void]>([
    [
      'legacyInterceptorReqResOrdering is there, but undefined',
      ({ defaults }) => (defaults.transitional = { legacyInterceptorReqResOrdering: undefined as never }),
    ],
    ['transitional has been replaced', ({ defaults }) => (defaults.transitional = { silentJSONParsing: true })],
    ['transitional has been taken away', ({ defaults }) => delete defaults.transitional],
  ])('the app’s request interceptors come before the token: %s', async (_, change) => {
    const { api } = attach(graphnet);
    change(api);
    const seen: boolean[] = [];
    api.interceptors.request.use((config) => (seen.push(config.headers.has('Authorization')), config));
    await api.get('/x');
    expect(seen).toEqual([false]);
    expect(graphnet.apiRequests[0]!.headers.authorization).toBe(`Bearer ${graphnet.issued[0]}`);
  });

  test('response interceptors never see a healed 401, and see the last one', async () => {
    const api = axios.create({ baseURL: graphnet.origin });
    const seen: unknown[] = [];
    api.interceptors.response.use(
      (response) => (seen.push(response.status), response),
      (error: AxiosError) => {
        seen.push(error.response?.status);
        throw error;
      },
    );
    const auth = attachGraphnetAuth(api, graphnet.credentials);
    await auth.getToken();
    graphnet.revokeAll();
    await api.get('/healed');
    expect(seen).toEqual([200]);
    graphnet.onApi = (_, response) => json(response, 401, {});
    await expect(api.get('/refused')).rejects.toMatchObject({ response: { status: 401 } });
    expect(seen).toEqual([200, 401]);
    expect(graphnet.apiRequests.map(({ url }) => url)).toEqual(['/healed', '/healed', '/refused', '/refused']);
  });

  test('R4: the token is taken only when an asynchronous interceptor has done with its waiting', async () => {
    const { api, auth } = attach(graphnet);
    await auth.getToken();
    api.interceptors.request.use(async (config) => {
      await Promise.resolve();
      auth.invalidate();
      graphnet.revokeAll();
      return config;
    });
    await api.get('/x');
    expect(graphnet.apiRequests.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${graphnet.issued[1]}`]);
  });

  test('R4: handlers that are copied to another instance while a token is at hand', async () => {
    const { api, auth } = attach(graphnet);
    await auth.getToken();
    const other = axios.create({ baseURL: graphnet.origin });
    const copy = (handler: { fulfilled: unknown }) => other.interceptors.request.use(handler.fulfilled as never);
    (api.interceptors.request as unknown as { forEach(visit: typeof copy): void }).forEach(copy);
    await other.get('/x');
    auth.invalidate();
    await other.get('/x');
    expect(graphnet.apiRequests.map(({ headers }) => headers.authorization)).toEqual(
      graphnet.issued.map((token) => `Bearer ${token}`),
    );
  });

  test('a synchronous interceptor may discard the token and make a call of its own', async () => {
    const { api, auth } = attach(graphnet);
    await auth.getToken();
    let own: Promise<AxiosResponse> | undefined;
    const outward = (config: InternalAxiosRequestConfig) => {
      if (config.url === '/outer') {
        auth.invalidate();
        own = api.get('/own');
      }
      return config;
    };
    api.interceptors.request.use(outward, undefined, { synchronous: true });
    await expect(api.get('/outer')).resolves.toMatchObject({ status: 200 });
    await expect(own).resolves.toMatchObject({ status: 200 });
  });
});
