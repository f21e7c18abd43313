/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': ['@swc/jest', { jsc: { target: 'es2023', parser: { syntax: 'typescript' } } }] },
  // Sources name their imports as they are after the build.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  testMatch: ['<rootDir>/__tests__/**/*.test.ts'],
  testTimeout: 20_000,
  // `types.ts` is types alone: nothing of it is left to run.
  collectCoverageFrom: ['lib/**/*.ts', '!lib/types.ts', '!lib/GraphnetAuthEvent.ts'],
  coverageProvider: 'v8',
  coverageThreshold: { global: { lines: 100, branches: 100 } },
};
