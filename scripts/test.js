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
    // What a failed test leaves open must not keep CI from its verdict.
    '--forceExit',
    ...(report ? ['--json', `--outputFile=${report}`] : []),
    ...process.argv.slice(2),
  ],
  { stdio: ['ignore', report ? 'ignore' : 'inherit', 'inherit'] },
);
process.exitCode = status ?? 1;
