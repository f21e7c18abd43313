import { defineConfig } from 'rolldown';
import { thirdPartyLicences } from './scripts/thirdPartyLicences.js';

const input = 'lib/index.ts';

export default defineConfig([
  {
    input,
    external: ['axios', 'axios-retry', 'jwt-decode', 'p-memoize', /^node:/],
    output: { dir: 'dist', entryFileNames: 'index.js', format: 'esm', cleanDir: true },
  },
  {
    // `require` cannot load the ESM-only p-memoize, and gets axios-retry's default export wrong: both are built in.
    input,
    external: ['axios', /^node:/],
    platform: 'node',
    output: { dir: 'dist', entryFileNames: 'index.cjs', format: 'cjs' },
    plugins: [thirdPartyLicences()],
  },
]);
