// What an app's bundle grows by: the ESM build with its dependencies, axios aside, minified and gzipped.
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';

const BUDGET_BYTES = 11_000;

const input = new URL('../dist/index.js', import.meta.url).pathname;
const bundle = await rolldown({ input, external: ['axios', /^node:/], platform: 'node' });
const { output } = await bundle.generate({ format: 'esm', minify: true });
const bytes = gzipSync(output[0].code, { level: 9 }).length;
console.log(`weight: ${bytes} bytes minified and gzipped, budget ${BUDGET_BYTES}`);
process.exitCode = bytes <= BUDGET_BYTES ? 0 : 1;
