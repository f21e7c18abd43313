import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const readPackage = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

/** As Node.js looks for it: in the node_modules of the folder and of those above it. */
function findPackage(name, from) {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
    if (folder === dirname(folder)) throw new Error(`${name} is not installed.`);
  }
}

/** The packages that come with the one in this folder: names and versions, without its peer dependencies. */
export function installedPackages(folder, found = new Set()) {
  for (const name of Object.keys(readPackage(folder).dependencies ?? {})) {
    const dependency = findPackage(name, folder);
    found.add(`${name} ${readPackage(dependency).version}`);
    installedPackages(dependency, found);
  }
  return [...found].sort();
}
