// What tsc leaves to be done: types for `require`, and none for what is not public.
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';

const dist = new URL('../dist/', import.meta.url);
const RELATIVE_IMPORT = /(from ['"]\.\/)([^'"]+)\.js(['"])/g;

/** The declaration files that an importer of `index.d.ts` comes to. */
async function findPublic(name, found = new Map()) {
  const text = await readFile(new URL(`${name}.d.ts`, dist), 'utf8');
  found.set(name, text);
  for (const [, , next] of text.matchAll(RELATIVE_IMPORT)) if (!found.has(next)) await findPublic(next, found);
  return found;
}

const found = await findPublic('index');
for (const name of await readdir(dist)) {
  if (name.endsWith('.d.ts') && !found.has(name.slice(0, -'.d.ts'.length))) await rm(new URL(name, dist));
}
// The copies that a CommonJS importer sees: their imports have to stay within CommonJS.
for (const [name, text] of found) {
  await writeFile(new URL(`${name}.d.cts`, dist), text.replace(RELATIVE_IMPORT, '$1$2.cjs$3'));
}
