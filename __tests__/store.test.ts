import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import KeyvRedis from '@keyv/redis';
import Keyv from 'keyv';
import { randomBytes } from 'node:crypto';
import type { GraphnetTokenStore } from '../lib/index.js';
import { readFileSync } from 'node:fs';
import { attach } from './support/attached.js';
import { encrypted } from './support/encryptedStore.js';
import { startGraphnet, type Graphnet } from './support/graphnet.js';
import { startOwnRedis, startRedis, whyNoOwnRedis, whyNoRedis, type TestRedis } from './support/redis.js';
import { until } from './support/schedule.js';
import { recorded, type RecordedStore } from './support/recordedStore.js';

let graphnet: Graphnet;
beforeEach(async () => {
  graphnet = await startGraphnet();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await graphnet.close();
});

function describeStore(kind: string, open: () => { store: GraphnetTokenStore; close: () => Promise<unknown> }) {
  describe(`R30-R32: processes share a token through ${kind}`, () => {
    let opened: ReturnType<typeof open>;
    let store: RecordedStore;
    beforeEach(() => {
      opened = open();
      store = recorded(opened.store);
    });
    afterEach(async () => {
      await until(store.isIdle);
      await opened.close();
    });
    const stored = () => [...store.entries.values()][0];
    const process = () => attach(graphnet, { store });

    test('R30: memory first, then the store, then the token endpoint', async () => {
      const first = process();
      await first.api.get('/');
      await until(() => stored() !== undefined);
      const second = process();
      await second.api.get('/');
      await second.api.get('/');
      expect(graphnet.tokenRequests).toHaveLength(1);
      expect(second.eventsOf('token-received')).toEqual([expect.objectContaining({ source: 'store' })]);
      expect((await second.auth.getToken()).claims).toEqual((await first.auth.getToken()).claims);
    });

    test('R32: the key names neither secret nor id; the TTL is the remaining life', async () => {
      await process().api.get('/');
      await until(() => stored() !== undefined);
      const [key] = [...store.entries.keys()];
      for (const clear of ['trust-a', 's3cret', '127.0.0.1']) expect(key).not.toContain(clear);
      expect(stored()!.value).not.toContain('s3cret');
      expect(Math.abs(stored()!.ttlMs - 3_600_000)).toBeLessThan(2000);
    });

    test('R31: a 401 takes the rejected token out of the store, and one process renews for all', async () => {
      const [first, second] = [process(), process()];
      await first.api.get('/');
      await until(() => stored() !== undefined);
      await second.api.get('/');
      graphnet.revokeAll();
      await first.api.get('/');
      await until(() => stored()?.value.includes(graphnet.issued[1]!) ?? false);
      await second.api.get('/');
      expect(graphnet.tokenRequests).toHaveLength(2);
      expect(second.eventsOf('token-received').at(-1)).toMatchObject({ source: 'store' });
    });

    test('R6, R31: a token that was there while the rejected one was still accepted is not trusted: it may be revoked too', async () => {
      const [first, second] = [process(), process()];
      await first.api.get('/');
      await until(() => stored() !== undefined);
      await second.api.get('/');
      first.auth.invalidate();
      await first.api.get('/');
      await until(() => stored()?.value.includes(graphnet.issued[1]!) ?? false);
      const { now } = Date;
      jest.spyOn(Date, 'now').mockImplementation(() => now() + 1000);
      await second.api.get('/');
      graphnet.revokeAll();
      for (const { api } of [second, first]) await expect(api.get('/')).resolves.toMatchObject({ status: 200 });
      expect(graphnet.tokenRequests).toHaveLength(3);
    });

    test('R30: a cold start of ten at once makes about one token request', async () => {
      await Promise.all(Array.from({ length: 10 }, () => process().api.get('/')));
      expect(graphnet.tokenRequests.length).toBeLessThanOrEqual(3);
    });
  });
}

describeStore('Keyv in memory', () => ({ store: new Keyv(), close: () => Promise.resolve() }));

(whyNoRedis ? describe.skip : describe)(`with a real Redis ${whyNoRedis ?? ''}`, () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  describeStore('Keyv on Redis', () => {
    const keyv = new Keyv(new KeyvRedis(redis.url), { namespace: randomBytes(4).toString('hex') });
    return { store: keyv, close: () => keyv.disconnect() };
  });

  describeStore('the encrypting wrapper of the README', () => {
    const keyv = new Keyv(new KeyvRedis(redis.url), { namespace: randomBytes(4).toString('hex') });
    return { store: encrypted(keyv, randomBytes(32)), close: () => keyv.disconnect() };
  });

  test('the encrypting wrapper shows no token to Redis, and takes no entry that was tampered with', async () => {
    const plain = recorded(new Keyv());
    const { api } = attach(graphnet, { store: encrypted(plain, randomBytes(32)) });
    await api.get('/');
    await until(() => plain.entries.size > 0);
    expect([...plain.entries.values()][0]!.value).not.toContain(graphnet.issued[0]);
    const other = attach(graphnet, { store: encrypted(plain, randomBytes(32)) });
    await expect(other.api.get('/')).resolves.toMatchObject({ status: 200 });
    expect(graphnet.tokenRequests).toHaveLength(2);
    expect(other.eventsOf('store-failed').length).toBeGreaterThan(0);
  });

  test('the encrypting wrapper stands in the README as it is tested here', () => {
    const [, tested] = readFileSync('__tests__/support/encryptedStore.ts', 'utf8').split(
      '/** The example of the README, as it stands there. */',
    );
    expect(readFileSync('README.md', 'utf8')).toContain(tested);
  });

  (whyNoOwnRedis ? test.skip : test)(`R27: a Redis that dies fails no request ${whyNoOwnRedis ?? ''}`, async () => {
    const mortal = await startOwnRedis();
    const client = new KeyvRedis(mortal.url);
    const keyv = new Keyv(client);
    keyv.on('error', () => undefined);
    const { api, auth, events } = attach(graphnet, { store: keyv });
    await api.get('/');
    await mortal.stop();
    auth.invalidate();
    await expect(api.get('/')).resolves.toMatchObject({ status: 200 });
    expect(graphnet.tokenRequests).toHaveLength(2);
    // Not before the last use of it, which would connect it again; by force, for it waits for a Redis that is gone.
    const failed = () => events.flatMap((event) => (event.type === 'store-failed' ? event.operation : []));
    await until(() => failed().includes('set') && failed().at(-1) === 'get');
    await client.disconnect(true);
  });
});
