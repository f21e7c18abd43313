import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { axiosVersions, createApps, kindsOf, peerRange, type App } from './support/axiosApps.js';
import { contractOf } from './support/axiosContract.js';
import { createTrial, leave } from './support/axiosTrial.js';
import { startGraphnet, type Graphnet } from './support/graphnet.js';

const apps = createApps();
afterAll(() => apps.remove());

describe.each(axiosVersions)('R13: axios $version', (version) => {
  describe.each(kindsOf(version))('%s', (kind) => {
    let app: App;
    let graphnet: Graphnet;
    beforeAll(async () => {
      app = await apps.load(version, kind);
    });
    beforeEach(async () => {
      graphnet = await startGraphnet();
    });
    afterEach(() => graphnet.close());

    test('is what is being tested, and the package’s own axios where the kind says so', async () => {
      expect(app.axios.VERSION).toBe(version.version);
      const error = await leave(createTrial(app, graphnet), { timeout: 5 });
      expect(error instanceof app.axios.AxiosError).toBe(kind.endsWith('throughout'));
    });

    test.each(contractOf(version.minor))('%s', async (_, check) => {
      await check(createTrial(app, graphnet));
    });
  });
});

const TYPED_APP = `
import axios, { type InternalAxiosRequestConfig } from 'axios';
import { attachGraphnetAuth, type GraphnetAuth } from 'axios-graphnet-auth';
const api = axios.create();
const auth: GraphnetAuth = attachGraphnetAuth(api, {
  tokenRequest: { timeout: 1000, proxy: false },
  tokenRetry: { retryDelay: (count, error) => count * (error.response?.status ?? 1) },
});
attachGraphnetAuth(axios, auth);
void api.get('/Patient', { graphnetAuth: false });
// @ts-expect-error it is a boolean
void api.get('/Patient', { graphnetAuth: 'no' });
export const isLeftAlone = (config: InternalAxiosRequestConfig): boolean => config.graphnetAuth === false;
// @ts-expect-error it is a boolean
export const wrong = (config: InternalAxiosRequestConfig): string => config.graphnetAuth;
`;

describe('R13: the peer range', () => {
  test('names no minor that is not tested', () => {
    const lowest = Number(/1\.(\d+)\./.exec(peerRange)?.[1]);
    const minors = axiosVersions.map(({ minor }) => minor);
    expect(minors).toEqual(minors.map((_, n) => lowest + n));
  });

  test('names no version whose types do not fit, from ESM or CommonJS', () => {
    const files = axiosVersions.flatMap((version) => [
      join(apps.of(version), 'typed.mts'),
      join(apps.of(version), 'typed.cts'),
    ]);
    for (const file of files) writeFileSync(file, TYPED_APP);
    const flags =
      '--noEmit --strict --skipLibCheck --preserveSymlinks --target es2022 --lib es2022,dom --module nodenext';
    const tsc = resolve('node_modules/typescript/bin/tsc');
    const { stdout, status } = spawnSync(process.execPath, [tsc, ...flags.split(' '), ...files], {
      cwd: apps.path,
      encoding: 'utf8',
    });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  }, 60_000);
});
