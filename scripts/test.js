// Runs Jest with coverage; where GRAPHNET_TEST_REPORT names a file, with a report for CI besides.
import { spawnSync } from 'node:child_process';

const report = process.env.GRAPHNET_TEST_REPORT;
const { status } = spawnSync(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
    '--coverage',
    ...(report ? ['--json', `--outputFile=${report}`] : []),
    ...process.argv.slice(2),
  ],
  // A test that leaves something open must not hold up CI for ever.
  { stdio: ['ignore', report ? 'ignore' : 'inherit', 'inherit'], timeout: 20 * 60_000 },
);
process.exitCode = status ?? 1;
