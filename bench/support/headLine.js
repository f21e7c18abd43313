import { readFileSync } from 'node:fs';
import os from 'node:os';

const BENCH = new URL('../', import.meta.url);
const readJson = (path) => JSON.parse(readFileSync(new URL(path, BENCH), 'utf8'));

/** When, where and with what the figures were made. */
export function headLine() {
  const cpus = os.cpus();
  const memoryGib = (os.totalmem() / 2 ** 30).toFixed(0);
  const machine = `${cpus.length} × ${cpus[0].model.trim()}, ${memoryGib} GiB, Node.js ${process.versions.node}`;
  const versions = Object.keys(readJson('package.json').devDependencies).map(
    (name) => `${name} ${readJson(`node_modules/${name}/package.json`).version}`,
  );
  return `${new Date().toISOString().slice(0, 10)}; ${machine}; ${versions.join(', ')}.`;
}
