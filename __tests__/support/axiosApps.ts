import type { AxiosStatic } from 'axios';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as lib from '../../lib/index.js';

/** What an app has to do with: its axios, and this package. */
export interface App {
  axios: AxiosStatic;
  attachGraphnetAuth: typeof lib.attachGraphnetAuth;
}

interface Manifest {
  version: string;
  dependencies: Record<string, string>;
  peerDependencies: { axios: string };
  devDependencies: Record<string, string>;
}

const readManifest = (folder: string) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
const { dependencies, peerDependencies, devDependencies } = readManifest('.');

export const peerRange = peerDependencies.axios;

/** One axios of every minor, oldest first: `name` is what it is installed as here. */
export const axiosVersions = Object.keys(devDependencies)
  .filter((name) => /^axios(-1\.\d+)?$/.test(name))
  .map((name) => {
    const { version } = readManifest(join('node_modules', name));
    return { name, version, minor: Number(version.split('.')[1]) };
  })
  .sort((a, b) => a.minor - b.minor);

export type AxiosVersion = (typeof axiosVersions)[number];

/** How an app may load the two; each file lies in a folder where `axios` is the one version that is being tested. */
const APPS = {
  'ESM throughout': [
    'app.mjs',
    `export { default as axios } from 'axios';
     export { attachGraphnetAuth } from 'axios-graphnet-auth';`,
  ],
  'CommonJS throughout': [
    'app.cjs',
    `exports.axios = require('axios');
     exports.attachGraphnetAuth = require('axios-graphnet-auth').attachGraphnetAuth;`,
  ],
  'axios by require(), the package by import': [
    'mixed.mjs',
    `import { createRequire } from 'node:module';
     export const axios = createRequire(import.meta.url)('axios');
     export { attachGraphnetAuth } from 'axios-graphnet-auth';`,
  ],
} as const;

const ANOTHER_COPY = 'another copy than the package has';
export type Kind = keyof typeof APPS | typeof ANOTHER_COPY;
/** The newest is the one that the package itself has here. */
export const kindsOf = ({ name }: AxiosVersion) =>
  [...(name === 'axios' ? [] : [ANOTHER_COPY]), ...Object.keys(APPS)] as Kind[];

/** A folder that holds the apps of every version, each with the built package and no other axios. */
export interface AppFolder {
  path: string;
  of(version: AxiosVersion): string;
  load(version: AxiosVersion, kind: Kind): Promise<App>;
  remove(): void;
}

export function createApps(): AppFolder {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'axios-versions-')));
  const of = ({ name }: AxiosVersion) => join(path, name);
  for (const version of axiosVersions) {
    const modules = join(of(version), 'node_modules');
    const own = join(modules, 'axios-graphnet-auth');
    mkdirSync(own, { recursive: true });
    symlinkSync(realpathSync(join('node_modules', version.name)), join(modules, 'axios'));
    for (const name of Object.keys(dependencies))
      symlinkSync(realpathSync(join('node_modules', name)), join(modules, name));
    // Copied, for a link would lead to the axios of this repository. The build has run before the tests.
    cpSync('dist', join(own, 'dist'), { recursive: true });
    // A version of its own, for TypeScript takes packages of the same name and version for one.
    const manifest = { ...readManifest('.'), version: `0.0.${version.minor}` };
    writeFileSync(join(own, 'package.json'), JSON.stringify(manifest));
    for (const [file, text] of Object.values(APPS)) writeFileSync(join(of(version), file), text);
  }
  return {
    path,
    of,
    async load(version, kind) {
      if (kind === ANOTHER_COPY) {
        const { default: axios } = (await import(version.name)) as { default: AxiosStatic };
        return { axios, attachGraphnetAuth: lib.attachGraphnetAuth };
      }
      const file = join(of(version), APPS[kind][0]);
      return (file.endsWith('.cjs') ? createRequire(file)(file) : await import(file)) as App;
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
