// What a fleet costs the token endpoint, with and without a store: `node bench/fleet.js [processes]`.
// Needs a Redis at REDIS_URL, or redis-server on this machine.
import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runFleet } from './support/fleet.js';

const PORT = 7391;
const processes = Number(process.argv[2] ?? 50);
const settings = { processes, lives: 4, lifeMs: 3000 };

const redis =
  !process.env.REDIS_URL &&
  spawn(
    'redis-server',
    [
      '--bind',
      '127.0.0.1',
      '--port',
      PORT,
      '--save',
      '',
      '--appendonly',
      'no',
      '--dir',
      mkdtempSync(join(tmpdir(), 'redis-')),
    ],
    { stdio: 'ignore' },
  );
const redisUrl = process.env.REDIS_URL ?? `redis://127.0.0.1:${PORT}`;

const FIGURES = {
  calls: 'calls',
  failedCalls: 'failed calls',
  expiredArrivals: 'requests that arrived with an expired token',
  tokenRequests: 'token requests in all',
  coldTokenRequests: 'of these at the cold start',
  revocationTokenRequests: 'of these after the revocation',
  refused: 'requests refused after the revocation',
  storeFailures: 'store failures',
};

try {
  await sleep(500);
  const runs = [
    ['with a store', await runFleet({ ...settings, redisUrl })],
    ['with a store, and a revocation', await runFleet({ ...settings, redisUrl, revokesAfterLives: 1.3 })],
    ['without', await runFleet(settings)],
    ['without, and a revocation', await runFleet({ ...settings, revokesAfterLives: 1.3 })],
  ];
  console.log(
    `| ${processes} processes × ${settings.lives} token lives of ${settings.lifeMs / 1000} s | ${runs.map(([name]) => name).join(' | ')} |`,
  );
  console.log(`|---|${runs.map(() => '--:|').join('')}`);
  for (const [name, label] of Object.entries(FIGURES)) {
    console.log(`| ${label} | ${runs.map(([, figures]) => figures[name] ?? '').join(' | ')} |`);
  }
} finally {
  if (redis) redis.kill();
}
