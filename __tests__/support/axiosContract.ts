import { expect } from '@jest/globals';
import { text } from 'node:stream/consumers';
import { inspect } from 'node:util';
import {
  attachWithRevokedToken,
  bearers,
  contents,
  errorOf,
  givesUp,
  healsBody,
  leave,
  leavesTokenBehind,
  type Trial,
} from './axiosTrial.js';
import { json } from './graphnet.js';

type Check = (trial: Trial) => Promise<void>;

const twenty = Array.from({ length: 20 }, (_, n) => `/${n}`);
const formData = () => {
  const form = new FormData();
  form.append('resource', 'Patient');
  return form;
};

/** The promises that hang on what axios does by itself. */
const CONTRACT: Record<string, Check> = {
  'R1, R2: twenty requests at once, one token request, the token on each': async ({ attach, graphnet }) => {
    const { api } = attach();
    await Promise.all(twenty.map((url) => api.get(url)));
    expect(graphnet.tokenRequests).toHaveLength(1);
    expect(bearers(graphnet.apiRequests)).toEqual(twenty.map(() => `Bearer ${graphnet.issued[0]}`));
  },
  'R6: five rejected at once, one token request, each replayed once': async (trial) => {
    const { api } = await attachWithRevokedToken(trial);
    const five = twenty.slice(0, 5);
    const answers = await Promise.all(five.map((url) => api.get<{ url: string }>(url)));
    expect(answers.map(({ data }) => data.url)).toEqual(five);
    expect(trial.graphnet.tokenRequests).toHaveLength(2);
    expect(trial.graphnet.apiRequests).toHaveLength(10);
  },
  'R7: a second 401 is an AxiosError of the app’s axios, and never a third try': (trial) => givesUp(trial),
  'R7: a config that the app sends again, headers and all': async ({ attach, graphnet }) => {
    const { api } = attach();
    graphnet.onApi = (_, response) => json(response, 500, {});
    const { config } = await errorOf(api.post('/', { a: 1 }));
    graphnet.onApi = undefined;
    graphnet.revokeAll();
    await expect(api.request(config!)).resolves.toMatchObject({ status: 200 });
    expect(new Set(contents(graphnet).map(({ text }) => text))).toEqual(new Set(['{"a":1}']));
  },
  'R8: a 401 that asks for another key is passed on': async ({ attach, graphnet }) => {
    const { api } = attach();
    graphnet.onApi = (_, response) =>
      json(response, 401, {}, { 'WWW-Authenticate': 'AzureApiManagementKey realm="x",name="key",type="header"' });
    await expect(api.get('/')).rejects.toMatchObject({ response: { status: 401 } });
    expect(graphnet.apiRequests).toHaveLength(1);
  },
  'R11: JSON': (trial) => healsBody(trial, { data: { a: ['b'] } }, /^\{"a":\["b"\]\}$/),
  // axios's own transform leaves alone what is JSON already.
  'R11: JSON by a transform of the app’s own, which runs once': (trial) =>
    healsBody(trial, { data: { a: 1 }, transformRequest: [(data) => JSON.stringify(data)] }, /^\{"a":1\}$/),
  'R11: a Buffer': (trial) => healsBody(trial, { data: Buffer.from([66, 255]) }, /^B\u00ff$/),
  'R11: URLSearchParams': (trial) => healsBody(trial, { data: new URLSearchParams({ a: 'b c' }) }, /^a=b\+c$/),
  'R11: params': async (trial) => {
    await healsBody(trial, { method: 'get', params: { identifier: 'a|b', _count: 2 } }, /^$/);
    expect(trial.graphnet.apiRequests.map(({ url }) => url)).toEqual(Array(2).fill('/x?identifier=a%7Cb&_count=2'));
  },
  'R1: postForm': async ({ attach, graphnet }) => {
    await attach().api.postForm('/', { resource: 'Patient' });
    expect(bearers(graphnet.apiRequests)).toEqual([`Bearer ${graphnet.issued[0]}`]);
    expect(contents(graphnet)[0]!.text).toMatch(/name="resource"\r\n\r\nPatient\r\n/);
  },
  'R12: the app’s interceptors run once, and see the final outcome only': async ({ axios, attachTo, graphnet }) => {
    const seen: unknown[] = [];
    const api = axios.create({ baseURL: graphnet.origin });
    const watch = (name: string) => {
      api.interceptors.request.use((config) => {
        seen.push([name, config.url, config.headers.has('Authorization')]);
        return config;
      });
      api.interceptors.response.use((response) => {
        seen.push([name, response.status]);
        return response;
      });
    };
    watch('before');
    const auth = attachTo(api);
    watch('after');
    await auth.getToken();
    graphnet.revokeAll();
    await api.get('/x');
    expect(graphnet.apiRequests).toHaveLength(2);
    expect(seen).toEqual([
      ['after', '/x', false],
      ['before', '/x', false],
      ['before', 200],
      ['after', 200],
    ]);
  },
  'R12: the app’s interceptors see what fails within the call, too, whether or not there is a token': async (trial) => {
    const { api, auth } = trial.attach();
    const seen: unknown[] = [];
    api.interceptors.response.use(undefined, (error: Error) => {
      seen.push(error.message);
      throw error;
    });
    const transformRequest = () => {
      throw new Error('a transform');
    };
    for (let times = 0; times < 2; times++) {
      await errorOf(api.post('/', {}, { transformRequest }));
      await auth.getToken();
    }
    expect(seen).toEqual(Array(2).fill('a transform'));
  },
  'R12: nothing is set in `transitional`, which axios checks': async ({ axios, attach }) => {
    const { config } = await attach().api.get('/');
    expect(config.transitional).toEqual(axios.defaults.transitional);
  },
  'R13: validateStatus that accepts 401': async (trial) => {
    const { api } = await attachWithRevokedToken(trial, { validateStatus: () => true });
    await expect(api.get('/')).resolves.toMatchObject({ status: 200 });
  },
  'R13: a stream for an answer': async (trial) => {
    const { api } = await attachWithRevokedToken(trial, { responseType: 'stream' });
    const { data } = await api.get<NodeJS.ReadableStream>('/');
    expect(await text(data)).toContain('"method":"GET"');
  },
  'R13: an adapter of the app’s own': async ({ attach, graphnet }) => {
    const answer = { status: 200, statusText: 'OK', headers: {} };
    const token = { token_type: 'Bearer', access_token: graphnet.issue() };
    const { api } = attach(
      {},
      {
        adapter: (config) =>
          Promise.resolve({
            ...answer,
            config,
            data: config.url?.endsWith('/token') ? JSON.stringify(token) : config.headers.get('Authorization'),
          }),
      },
    );
    expect((await api.get('/')).data).toBe(`Bearer ${graphnet.issued[0]}`);
  },
  'R13: the global axios object': async ({ axios, attachTo, graphnet }) => {
    const auth = attachTo(axios);
    await axios(`${graphnet.origin}/`).finally(() => auth.detach());
    await expect(axios.get(`${graphnet.origin}/`)).rejects.toMatchObject({ response: { status: 401 } });
    expect(bearers(graphnet.apiRequests)).toEqual([`Bearer ${graphnet.issued[0]}`, undefined]);
  },
  'R14: a request that was aborted before it began asks for no token': async ({ attach, axios, graphnet }) => {
    const { api } = attach();
    expect(axios.isCancel(await errorOf(api.get('/', { signal: AbortSignal.abort() })))).toBe(true);
    // Time for one to arrive.
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(graphnet.tokenRequests).toEqual([]);
  },
  'R14: an abort in the same turn as the call, with a token at hand': async (trial) => {
    const { api, auth } = trial.attach();
    await auth.getToken();
    const controller = new AbortController();
    const call = errorOf(api.get('/', { signal: controller.signal }));
    controller.abort();
    expect(trial.axios.isCancel(await call)).toBe(true);
    const error = await errorOf(api.get('/', { signal: controller.signal }));
    expect(trial.axios.isCancel(error)).toBe(true);
    // R20: nothing was sent.
    expect(error.config?.headers?.Authorization).toBeUndefined();
  },
  'R22: with a token at hand, a refusal is a rejection, and nothing is sent': async ({ attach, graphnet }) => {
    const { api, auth } = attach({}, { baseURL: 'http://api.example' });
    await auth.getToken();
    const refusal = { name: 'GraphnetAuthError', code: 'ERR_GRAPHNET_INSECURE_URL' };
    await expect(api.post('/', { a: 1 })).rejects.toMatchObject(refusal);
    const transformRequest = () => {
      throw new Error('not before it is refused');
    };
    await expect(api.post('/', {}, { transformRequest })).rejects.toMatchObject(refusal);
    expect(graphnet.apiRequests).toEqual([]);
  },
  'R14: an abort while it waits for the token is axios’s own': async (trial) => {
    const controller = new AbortController();
    const error = await leave(trial, { signal: controller.signal }, () => controller.abort());
    expect(trial.axios.isCancel(error)).toBe(true);
    expect(error).toBeInstanceOf(trial.axios.CanceledError);
  },
  'R14: so is a cancelToken': async (trial) => {
    const { token, cancel } = trial.axios.CancelToken.source();
    const error = await leave(trial, { cancelToken: token }, () => cancel('enough'));
    expect(trial.axios.isCancel(error)).toBe(true);
    expect(error).toMatchObject({ message: 'enough' });
  },
  'R14: so is a timeout': async (trial) => {
    const error = await leave(trial, { timeout: 5 });
    expect(trial.axios.isAxiosError(error)).toBe(true);
    expect(error).toMatchObject({ code: 'ECONNABORTED', message: 'timeout of 5ms exceeded' });
  },
  'R15: graphnetAuth: false and an Authorization of the app’s own': async ({ attach, graphnet }) => {
    const { api } = attach({}, { validateStatus: () => true });
    await api.get('/', { graphnetAuth: false });
    await api.get('/', { headers: { authorization: 'Basic eDp5' } });
    expect(bearers(graphnet.apiRequests)).toEqual([undefined, 'Basic eDp5']);
    expect(graphnet.tokenRequests).toEqual([]);
  },
  'R20: refused credentials, and no secret in the error': async ({ attach, graphnet }) => {
    graphnet.onToken = (_, response) => json(response, 400, { error: 'invalid_client' });
    const error = await errorOf(attach().api.get('/'));
    expect(error).toMatchObject({ code: 'ERR_GRAPHNET_CREDENTIALS', status: 400 });
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain(graphnet.credentials.clientSecret);
  },
  'R21: a redirect to another origin': (trial) => leavesTokenBehind(trial),
  'R25: a token request is tried again after a 503': async ({ attach, graphnet }) => {
    graphnet.onToken = (_, response) => {
      graphnet.onToken = undefined;
      json(response, 503, {});
    };
    const { api } = attach({ tokenRetry: { retryDelay: () => 0 } });
    await expect(api.get('/')).resolves.toMatchObject({ status: 200 });
    expect(graphnet.tokenRequests.map(({ body }) => body.toString())).toEqual(
      Array(2).fill('grant_type=client_credentials&client_id=trust-a&client_secret=s3cret'),
    );
  },
};

/** Those about what axios has learnt since, by minor. */
const CONTRACT_SINCE: Record<number, Record<string, Check>> = {
  3: {
    'R11: a FormData': (trial) =>
      healsBody(trial, { data: formData() }, /^--BOUNDARY\r\n[^]+\r\nPatient\r\n--BOUNDARY--/),
  },
  7: {
    'R13: the fetch adapter': async (trial) => {
      const { api } = await attachWithRevokedToken(trial, { adapter: 'fetch' });
      await expect(api.post('/', { a: 1 })).resolves.toMatchObject({ status: 200, data: { body: '{"a":1}' } });
    },
    'R7, R13: a second 401 by the fetch adapter': (trial) => givesUp(trial, { adapter: 'fetch' }),
    'R21: a redirect to another origin, by the fetch adapter': (trial) =>
      leavesTokenBehind(trial, { adapter: 'fetch' }),
  },
  13: {
    'R12: the other order of interceptors': async ({ axios, attach, graphnet }) => {
      const name = 'legacyInterceptorReqResOrdering';
      expect(axios.defaults.transitional).toHaveProperty(name);
      const { api } = attach({}, { transitional: { [name]: false } });
      api.interceptors.request.use((config) => {
        config.headers.set('X-Saw-Token', String(config.headers.has('Authorization')));
        return config;
      });
      await api.get('/');
      expect(graphnet.apiRequests[0]!.headers['x-saw-token']).toBe('false');
      expect(bearers(graphnet.apiRequests)).toEqual([`Bearer ${graphnet.issued[0]}`]);
    },
  },
};

export const contractOf = (minor: number): [rule: string, check: Check][] =>
  [
    CONTRACT,
    ...Object.entries(CONTRACT_SINCE)
      .filter(([since]) => minor >= Number(since))
      .map(([, checks]) => checks),
  ].flatMap(Object.entries<Check>);
