import { expect } from '@jest/globals';
import type { AxiosError, AxiosInstance, AxiosRequestConfig, AxiosStatic, CreateAxiosDefaults } from 'axios';
import type { GraphnetAuth, GraphnetAuthOptions } from '../../lib/index.js';
import type { App } from './axiosApps.js';
import { json, listen, type Graphnet, type Received } from './graphnet.js';
import { deferred } from './schedule.js';

/** An app with its axios, and Graphnet before it. */
export interface Trial {
  axios: AxiosStatic;
  graphnet: Graphnet;
  attachTo(api: AxiosInstance, options?: GraphnetAuthOptions): GraphnetAuth;
  attach(options?: GraphnetAuthOptions, defaults?: CreateAxiosDefaults): { api: AxiosInstance; auth: GraphnetAuth };
}

export function createTrial({ axios, attachGraphnetAuth }: App, graphnet: Graphnet): Trial {
  const attachTo = (api: AxiosInstance, options: GraphnetAuthOptions = {}) =>
    attachGraphnetAuth(api, { ...graphnet.credentials, ...options });
  return {
    axios,
    graphnet,
    attachTo,
    attach(options, defaults) {
      const api = axios.create({ baseURL: graphnet.origin, ...defaults });
      return { api, auth: attachTo(api, options) };
    },
  };
}

export const errorOf = (call: Promise<unknown>) =>
  call.then(
    () => Promise.reject(new Error('did not fail')),
    (error: unknown) => error as AxiosError,
  );

export const bearers = (requests: Received[]) => requests.map(({ headers }) => headers.authorization);

/** Type and text of what arrived, with the random boundary of multipart bodies made the same. */
export function contents({ apiRequests }: Graphnet) {
  return apiRequests.map(({ body, headers }) => {
    const type = headers['content-type'] ?? '';
    const boundary = /boundary=([^;]+)/.exec(type)?.[1];
    const even = (text: string) => (boundary ? text.replaceAll(boundary, 'BOUNDARY') : text);
    return { type: even(type), text: even(body.toString('latin1')) };
  });
}

/** An instance that holds a token which the API no longer accepts. */
export async function attachWithRevokedToken({ attach, graphnet }: Trial, defaults?: CreateAxiosDefaults) {
  const attached = attach({}, defaults);
  await attached.auth.getToken();
  graphnet.revokeAll();
  return attached;
}

/** R11: a body that the API rejects once; both tries have to be alike. */
export async function healsBody(trial: Trial, config: AxiosRequestConfig, expected: RegExp): Promise<void> {
  const { graphnet } = trial;
  const { api } = await attachWithRevokedToken(trial);
  const { data } = await api.request<{ method: string }>({ method: 'post', url: '/x', ...config });
  const [first, replayed] = contents(graphnet);
  expect(first!.text).toMatch(expected);
  expect(replayed).toEqual(first);
  expect(bearers(graphnet.apiRequests)).toEqual(graphnet.issued.map((token) => `Bearer ${token}`));
  expect(data.method).toBe(graphnet.apiRequests[0]!.method);
}

/** R14: the error of a caller that leaves while the token request hangs; another caller stays. */
export async function leave({ attach, graphnet }: Trial, config: AxiosRequestConfig, go = () => {}) {
  const asked = deferred<void>();
  const answered = deferred<void>();
  graphnet.onToken = async (_, response) => {
    asked.resolve();
    await answered.promise;
    json(response, 200, { token_type: 'Bearer', access_token: graphnet.issue() });
  };
  const { api } = attach();
  const left = errorOf(api.get('/left', config));
  const stays = api.get('/stays');
  await asked.promise;
  go();
  const error = await left;
  answered.resolve();
  await stays;
  expect(graphnet.apiRequests.map(({ url }) => url)).toEqual(['/stays']);
  return error;
}

/** R21: follows a redirect to another origin, where the token must not arrive. */
export async function leavesTokenBehind({ attach, graphnet }: Trial, defaults?: CreateAxiosDefaults): Promise<void> {
  const arrived: Received[] = [];
  const elsewhere = await listen((received, response) => {
    arrived.push(received);
    json(response, 200, {});
  });
  graphnet.onApi = (_, response) => void response.writeHead(302, { Location: elsewhere.origin }).end();
  const { api } = attach({}, defaults);
  await api.get('/').finally(elsewhere.close);
  expect(bearers(graphnet.apiRequests)).toEqual([`Bearer ${graphnet.issued[0]}`]);
  expect(bearers(arrived)).toEqual([undefined]);
}

/** R7: an API that rejects every token. */
export async function givesUp(trial: Trial, defaults?: CreateAxiosDefaults): Promise<void> {
  const { axios, graphnet } = trial;
  graphnet.onApi = (_, response) => json(response, 401, { message: 'token refused' });
  const { api } = await attachWithRevokedToken(trial, defaults);
  const error = await errorOf(api.get('/'));
  expect(error).toBeInstanceOf(axios.AxiosError);
  expect(error).toMatchObject({ response: { status: 401, data: { message: 'token refused' } } });
  expect(graphnet.apiRequests).toHaveLength(2);
}
