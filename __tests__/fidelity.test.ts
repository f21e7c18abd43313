import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import axios, { AxiosError, type AxiosRequestConfig, type AxiosResponse } from 'axios';
import NodeFormData from 'form-data';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { attachGraphnetAuth } from '../lib/index.js';
import { isOneShot } from '../lib/isOneShot.js';
import { attach } from './support/attached.js';
import { json, startGraphnet, type Graphnet, type Received } from './support/graphnet.js';

let graphnet: Graphnet;
beforeEach(async () => {
  graphnet = await startGraphnet();
});
afterEach(() => graphnet.close());

/** What arrived, Authorization aside, with the random boundary of multipart bodies made the same. */
function normalize({ method, url, rawHeaders, body }: Received) {
  // axios's fetch adapter on Node names no boundary in the header, to begin with.
  const [, boundary] =
    /boundary=([^\r\n;]+)/.exec(rawHeaders.join('\n')) ?? /^--(-+formdata\S+)/.exec(body.toString()) ?? [];
  const even = (text: string) => (boundary ? text.replaceAll(boundary, 'BOUNDARY') : text);
  const headers = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 && name.toLowerCase() !== 'authorization' ? [`${name}: ${even(rawHeaders[index + 1]!)}`] : [],
  );
  return { method, url, headers, body: even(body.toString('latin1')) };
}

const form = () => {
  const data = new FormData();
  data.append('resource', 'Patient');
  data.append('file', new Blob(['<xml/>'], { type: 'text/xml' }), 'patient.xml');
  return data;
};

let calls = 0;
const CASES: [string, () => AxiosRequestConfig][] = [
  ['a JSON object', () => ({ method: 'post', data: { resourceType: 'Patient', name: [{ family: 'Ü' }] } })],
  ['a JSON string', () => ({ method: 'post', data: '{"a":1}', headers: { 'Content-Type': 'application/json' } })],
  ['text', () => ({ method: 'post', data: 'plain text', headers: { 'Content-Type': 'text/plain' } })],
  ['a string without a type', () => ({ method: 'put', data: 'a=1' })],
  ['XML', () => ({ method: 'put', data: '<Patient/>', headers: { 'Content-Type': 'application/fhir+xml' } })],
  ['a Buffer', () => ({ method: 'post', data: Buffer.from([0, 1, 2, 255]) })],
  ['a typed array', () => ({ method: 'post', data: new Uint8Array([1, 2, 3]) })],
  ['an ArrayBuffer', () => ({ method: 'post', data: new Uint8Array([1, 2, 3]).buffer })],
  ['URLSearchParams', () => ({ method: 'post', data: new URLSearchParams({ a: '1', b: 'ü' }) })],
  ['a spec FormData with a file', () => ({ method: 'post', data: form() })],
  ['a Blob', () => ({ method: 'post', data: new Blob(['blob'], { type: 'text/x-blob' }) })],
  ['nothing', () => ({ method: 'post' })],
  ['GET with params', () => ({ params: { identifier: 'a|b', _count: [1, 2] }, paramsSerializer: { indexes: null } })],
  ['DELETE with a body', () => ({ method: 'delete', data: { reason: 'wrong' } })],
  ['PATCH with upper-case method', () => ({ method: 'PATCH', data: [{ op: 'add' }] })],
  ['a stream for an answer', () => ({ responseType: 'stream' })],
  ['an ArrayBuffer for an answer', () => ({ responseType: 'arraybuffer' })],
  ['a transform that differs each time', () => ({ method: 'post', data: { a: 1 }, transformRequest: (data: object) => JSON.stringify({ ...data, call: ++calls }) })],
  ['a transform that compresses', () => ({ method: 'post', data: { a: 1 }, transformRequest: [(data: object, headers: { set(name: string, value: string): void }) => (headers.set('Content-Encoding', 'gzip'), gzipSync(JSON.stringify(data)))] as never })],
  ['maxRedirects 0', () => ({ maxRedirects: 0 })],
  ['no User-Agent', () => ({ headers: { 'User-Agent': false } })],
  ['headers of every kind', () => ({ headers: { 'If-Match': 'W/"1"', accept: 'application/fhir+xml', 'X-Empty': '' } })],
  ['a custom adapter', () => ({ adapter: (config) => axios.getAdapter('http')({ ...config, headers: config.headers.concat({ 'X-Adapter': 'own' }) }) })],
]; // prettier-ignore

const read = async ({ data, status, statusText }: AxiosResponse<unknown>) => ({
  status,
  statusText,
  data: data instanceof Readable || data instanceof ReadableStream ? await text(data as Readable) : data,
});

describe.each([['http' as const], ['fetch' as const]])(
  'R11: a replay is what a first try would have been, %s adapter',
  (adapter) => {
    test.each(CASES)('%s', async (_, config) => {
      const { api, auth } = attach(graphnet, {}, { adapter });
      graphnet.onApi = (_received, response) => json(response, 200, { resourceType: 'Bundle' });
      await auth.getToken();
      calls = 0;
      const first = await read(await api.request({ url: '/x', ...config() }));
      graphnet.revokeAll();
      calls = 0;
      const answer = await api.request({ url: '/x', ...config() });
      const [tried, rejected, replayed] = graphnet.apiRequests.map(normalize);
      expect(replayed).toEqual(tried);
      expect(rejected).toEqual(tried);
      expect(graphnet.apiRequests).toHaveLength(3);
      expect(await read(answer)).toEqual(first);
    });
  },
);

describe('R11, R12: nor can the app tell', () => {
  test('the answer names the config object that the app’s interceptors saw, unchanged but for the token', async () => {
    const { api } = attach(graphnet);
    const seen: unknown[] = [];
    await api.get('/x');
    graphnet.revokeAll();
    api.interceptors.request.use((config) => (seen.push(config), config));
    const transformRequest = [(data: unknown) => JSON.stringify(data)];
    const { config } = await api.post('/x', { a: 1 }, { transformRequest });
    expect(config).toBe(seen[0]);
    expect(config.transformRequest).toEqual(transformRequest);
    expect(config.headers.Authorization).toBe(`Bearer ${graphnet.issued[1]}`);
    expect(JSON.stringify({ ...config, headers: {} })).not.toContain(graphnet.issued[1]!.split('.')[1]);
  });

  test('an error of the replay names it too', async () => {
    const { api } = attach(graphnet);
    await api.get('/x');
    graphnet.revokeAll();
    graphnet.onApi = (_, response) => json(response, 500, { oops: true });
    const seen: unknown[] = [];
    api.interceptors.request.use((config) => (seen.push(config), config));
    const error = await api.post('/x', { a: 1 }).catch((reason: unknown) => reason as AxiosError);
    expect(error).toBeInstanceOf(AxiosError);
    expect((error as AxiosError).config).toBe(seen[0]);
    expect((error as AxiosError).response).toMatchObject({ status: 500, data: { oops: true } });
    expect((error as AxiosError).response!.config).toBe(seen[0]);
  });

  test('a header that an interceptor of the app took out of the defaults stays out', async () => {
    const { api } = attach(graphnet, {}, { headers: { common: { 'X-Default': 'yes' } } });
    api.interceptors.request.use((config) => (config.headers.delete('X-Default'), config));
    await api.get('/x');
    graphnet.revokeAll();
    await api.get('/x');
    expect(graphnet.apiRequests.map(({ headers }) => 'x-default' in headers)).toEqual([false, false, false]);
  });

  test('R13: a header that is switched off stays off on the replay, with an axios that forgets such headers too', async () => {
    const { default: older } = (await import('axios-1.2')) as unknown as { default: typeof axios };
    const api = older.create({ baseURL: graphnet.origin, headers: { 'User-Agent': false } });
    attachGraphnetAuth(api, graphnet.credentials);
    await api.get('/x');
    graphnet.revokeAll();
    await api.get('/x');
    expect(graphnet.apiRequests.map(({ headers }) => 'user-agent' in headers)).toEqual([false, false, false]);
  });

  test('a config without headers, as an interceptor may leave it', async () => {
    const { api } = attach(graphnet);
    api.interceptors.request.use((config) => ({ ...config, headers: undefined as never }));
    await expect(api.get('/x')).resolves.toMatchObject({ status: 200 });
  });

  test('the connection breaks on the replay: axios’s own error', async () => {
    const { api } = attach(graphnet);
    await api.get('/x');
    graphnet.revokeAll();
    graphnet.onApi = (_, response) => response.destroy() && undefined;
    await expect(api.get('/x')).rejects.toMatchObject({ isAxiosError: true, code: 'ECONNRESET' });
  });
});

describe('R11: a body that can be read only once is not sent again', () => {
  async function* generate() {
    yield Buffer.from('abc');
    await Promise.resolve();
  }
  const packageForm = () => {
    const data = new NodeFormData();
    data.append('a', 'b');
    return data;
  };
  test.each<[string, () => AxiosRequestConfig]>([
    ['a Node stream', () => ({ data: Readable.from(['abc']) })],
    ['a web stream', () => ({ data: new Blob(['abc']).stream(), adapter: 'fetch' })],
    ['the form-data package', () => ({ data: packageForm() })],
    ['an async iterable, by an adapter of its own', () => ({
      data: generate(),
      transformRequest: [(data: unknown) => data],
      adapter: (config) => axios.getAdapter('http')({ ...config, data: Readable.from(config.data as AsyncIterable<Buffer>) }),
    })],
    ['something unknown, by an adapter of its own', () => ({
      data: new Map([['a', 1]]),
      transformRequest: [(data: unknown) => data],
      adapter: (config) => axios.getAdapter('http')({ ...config, data: 'map' }),
    })],
    ['a function, by an adapter of its own', () => ({
      data: () => 'abc',
      transformRequest: [(data: unknown) => data],
      adapter: (config) => axios.getAdapter('http')({ ...config, data: 'function' }),
    })],
  ])('%s: the token is discarded, the 401 reaches the caller', async (_, config) => {
    const { api, eventsOf } = attach(graphnet);
    await api.get('/x');
    graphnet.revokeAll();
    const error = await api.request({ method: 'post', url: '/x', ...config() }).catch((reason: unknown) => reason as AxiosError);
    expect(error).toMatchObject({ isAxiosError: true, response: { status: 401, data: { message: 'token refused' } } });
    expect(graphnet.apiRequests).toHaveLength(2);
    expect(graphnet.tokenRequests).toHaveLength(1);
    expect(eventsOf('not-replayed')).toEqual([expect.objectContaining({ reason: 'one-shot-body' })]);
    expect(eventsOf('token-discarded')).toHaveLength(1);
    await expect(api.get('/x')).resolves.toMatchObject({ status: 200 });
    expect(graphnet.tokenRequests).toHaveLength(2);
  }); // prettier-ignore
});

describe('R11: isOneShot', () => {
  test.each<[string, unknown, boolean]>([
    ['nothing', undefined, false],
    ['null', null, false],
    ['text', 'abc', false],
    ['an object', { a: 1 }, false],
    ['an object with a field named pipe', { pipe: 'copper', next: 1, getReader: null }, false],
    ['a list', [1], false],
    ['a typed array', new Uint8Array(1), false],
    ['a shared buffer', new SharedArrayBuffer(1), false],
    ['a File', new File(['a'], 'a'), false],
    ['what pipes', { pipe: () => undefined }, true],
    ['a web stream of a library', { getReader: () => undefined }, true],
    ['an iterator', { next: () => undefined }, true],
    ['an asynchronous iterable', { [Symbol.asyncIterator]: () => undefined }, true],
    ['a Map', new Map(), true],
    ['a function', () => 'abc', true],
  ])('%s', (_, body, expected) => {
    expect(isOneShot(body)).toBe(expected);
  });
});
