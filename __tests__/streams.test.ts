import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Agent } from 'node:http';
import type { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { attach } from './support/attached.js';
import { json, startGraphnet, type Graphnet } from './support/graphnet.js';

let graphnet: Graphnet;
beforeEach(async () => {
  graphnet = await startGraphnet();
});
afterEach(() => graphnet.close());

const socketsOf = (agent: Agent) =>
  [agent.sockets, agent.freeSockets].flatMap((group) => Object.values(group).flatMap((sockets) => sockets ?? []))
    .length;

async function download(count: number, isHealed: boolean) {
  const httpAgent = new Agent({ keepAlive: true, maxSockets: 10 });
  const { api, auth } = attach(graphnet, {}, { httpAgent, responseType: 'stream' });
  await auth.getToken();
  for (let done = 0; done < count; done += 50) {
    // The first tries of a round are rejected, as by an API that has forgotten the token.
    const rejected = new Set<string>();
    graphnet.onApi = ({ url }, response) => {
      if (!isHealed || rejected.has(url)) return json(response, 200, { data: 'x'.repeat(2000) });
      rejected.add(url);
      return json(response, 401, { data: 'x'.repeat(2000) });
    };
    await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const { data } = await api.get<Readable>(`/${index}`);
        await buffer(data);
      }),
    );
    auth.invalidate();
  }
  await new Promise((resolve) => setImmediate(resolve));
  const open = socketsOf(httpAgent);
  httpAgent.destroy();
  return open;
}

describe('R13: responseType stream', () => {
  test('1,000 healed downloads leave no more sockets open than 1,000 ordinary ones', async () => {
    const ordinary = await download(1000, false);
    const before = graphnet.apiRequests.length;
    // Only five rounds can be healed within a minute (R9): 250 downloads, from four attachments.
    let healed = 0;
    for (let round = 0; round < 4; round++) healed = Math.max(healed, await download(250, true));
    expect(graphnet.apiRequests.length - before).toBe(2000);
    expect(healed).toBeLessThanOrEqual(ordinary);
  }, 60_000);

  test('where it is not replayed, the caller can still read the first answer', async () => {
    const { api } = attach(graphnet, {}, { responseType: 'stream', validateStatus: () => true });
    graphnet.onApi = (_, response) => json(response, 401, { why: 'not you' });
    const { data, status } = await api.get<Readable>('/x');
    expect(status).toBe(401);
    expect(await text(data)).toBe('{"why":"not you"}');
  });

  test('a rejected answer without end is cut off', async () => {
    const { api } = attach(graphnet, {}, { responseType: 'stream' });
    await api.get('/x');
    graphnet.revokeAll();
    let closed = () => undefined as void;
    const wasClosed = new Promise<void>((resolve) => (closed = resolve));
    graphnet.onUnauthorized = (_, response) => {
      response.writeHead(401);
      const pump = setInterval(() => response.write(Buffer.alloc(16 * 1024)), 1);
      response.on('close', () => {
        clearInterval(pump);
        closed();
      });
    };
    await expect(api.get('/x')).resolves.toMatchObject({ status: 200 });
    await wasClosed;
  });

  test('if no new token can be had, the rejected answer is read to its end all the same', async () => {
    const httpAgent = new Agent({ keepAlive: true });
    const { api } = attach(graphnet, { tokenRetry: { retries: 0 } }, { responseType: 'stream', httpAgent });
    await buffer((await api.get<Readable>('/x')).data);
    graphnet.revokeAll();
    graphnet.onToken = (_, response) => json(response, 500, {});
    await expect(api.get('/x')).rejects.toMatchObject({ code: 'ERR_GRAPHNET_TOKEN_REQUEST' });
    httpAgent.destroy();
  });

  test('one socket is enough: the rejected answer lets go of it for the token request', async () => {
    const httpAgent = new Agent({ keepAlive: true, maxSockets: 1 });
    const { api } = attach(graphnet, {}, { responseType: 'stream', httpAgent, timeout: 5000 });
    await buffer((await api.get<Readable>('/x')).data);
    graphnet.revokeAll();
    graphnet.onUnauthorized = (_, response) => void response.writeHead(401).write('x');
    expect(await text((await api.get<Readable>('/x')).data)).toContain('/x');
    httpAgent.destroy();
  });

  test('the fetch adapter’s web stream', async () => {
    const { api } = attach(graphnet, {}, { responseType: 'stream', adapter: 'fetch' });
    await (await api.get<ReadableStream>('/x')).data.cancel();
    graphnet.revokeAll();
    const { data } = await api.get<ReadableStream>('/x');
    expect(await text(data as never)).toContain('/x');
  });

  test('R13: a validateStatus that accepts 401', async () => {
    const { api } = attach(graphnet, {}, { validateStatus: null });
    await api.get('/x');
    graphnet.revokeAll();
    await expect(api.get('/x')).resolves.toMatchObject({ status: 200 });
  });
});
