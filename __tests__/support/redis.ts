import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TestRedis {
  url: string;
  stop(): Promise<unknown>;
}

function hasRedis(): boolean {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const canStartRedis = hasRedis();

/** Why the tests that need a real Redis are skipped; `undefined` where they run. */
export const whyNoRedis: string | undefined =
  process.env.GRAPHNET_TEST_REDIS_URL || canStartRedis
    ? undefined
    : '(skipped: this machine has no redis-server, and GRAPHNET_TEST_REDIS_URL names none)';

/** The same for those that stop it. */
export const whyNoOwnRedis: string | undefined = canStartRedis ? undefined : '(skipped: no redis-server here)';

// Jest's summary counts what is skipped, but does not say why.
if (whyNoRedis ?? whyNoOwnRedis) console.warn(`Tests with a real Redis ${whyNoRedis ?? whyNoOwnRedis}`);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

async function untilItListens(port: number, child: ChildProcess): Promise<void> {
  while (child.exitCode === null) {
    const socket = connect(port, '127.0.0.1');
    const isUp = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isUp) return;
  }
  throw new Error('redis-server did not start');
}

/** On a free loopback port and without persistence. */
export async function startOwnRedis(): Promise<TestRedis> {
  const port = await freePort();
  const dir = mkdtempSync(join(tmpdir(), 'redis-'));
  const options = ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no', '--dir', dir];
  const child = spawn('redis-server', options, { stdio: 'ignore' });
  await untilItListens(port, child);
  const exit = once(child, 'exit');
  const stop = () => {
    child.kill('SIGKILL');
    return exit;
  };
  return { url: `redis://127.0.0.1:${port}`, stop };
}

/** The Redis that the environment names, or one of the test's own. */
export async function startRedis(): Promise<TestRedis> {
  const { GRAPHNET_TEST_REDIS_URL: url } = process.env;
  return url ? { url, stop: () => Promise.resolve() } : startOwnRedis();
}
