// One process of a fleet: an ordinary app that calls the API at a steady pace and tells its parent how that went.
import KeyvRedis from '@keyv/redis';
import axios from 'axios';
import Keyv from 'keyv';
import { setTimeout as sleep } from 'node:timers/promises';
import { attachGraphnetAuth } from '../../dist/index.js';

const { origin, redisUrl, durationMs, pauseMs } = JSON.parse(process.argv[2]);
const keyv = redisUrl && new Keyv(new KeyvRedis(redisUrl));
const api = axios.create({ baseURL: origin });
const figures = { calls: 0, failedCalls: 0, storeFailures: 0, fromStore: 0 };
const auth = attachGraphnetAuth(api, {
  clientId: 'fleet',
  clientSecret: 's3cret',
  tokenUrl: `${origin}/oauth/token`,
  ...(keyv && { store: keyv }),
  onEvent({ type, source }) {
    if (type === 'store-failed') figures.storeFailures += 1;
    if (type === 'token-received' && source === 'store') figures.fromStore += 1;
  },
});

await keyv?.get('connect before the start');
process.send('ready');
await new Promise((resolve) => process.once('message', resolve));

const endsAtMs = Date.now() + durationMs;
while (Date.now() < endsAtMs) {
  figures.calls += 1;
  await api.get('/Patient').catch(() => (figures.failedCalls += 1));
  await sleep(pauseMs * (0.5 + Math.random()));
}
auth.detach();
process.send(figures);
await keyv?.disconnect();
process.disconnect();
