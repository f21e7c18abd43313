import { createRequire } from 'node:module';

/** The axios that the build finds, which is not that of bench/. */
const AXIOS = new URL('../../node_modules/axios/index.js', import.meta.url);
const BUILD = new URL('../../dist/index.js', import.meta.url);
const require = createRequire(BUILD);

const WAYS = {
  async import() {
    await import(AXIOS);
    const startMs = performance.now();
    await import(BUILD);
    return performance.now() - startMs;
  },
  require() {
    require('axios');
    const startMs = performance.now();
    require('./index.cjs');
    return performance.now() - startMs;
  },
};

export const importTime = {
  title: 'Loading the package',
  note: 'What it takes where axios is loaded already.',
  subjects: { import: "`import 'axios-graphnet-auth'`", require: "`require('axios-graphnet-auth')`" },
  rounds: 21,
  columns: [{ title: 'ms', figure: 'loadMs', digits: 1 }],
  measure: async (way) => ({ loadMs: await WAYS[way]() }),
};
