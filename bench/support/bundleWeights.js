import { fileURLToPath } from 'node:url';
import { weigh } from '../../scripts/weigh.js';
import { tokenPlugins } from './plugins.js';

/** What each plugin adds to a bundle: its file in peers/ with all that it imports, axios aside. */
export async function bundleWeights() {
  const lines = ['|  | minified, bytes | and gzipped |', '|---|--:|--:|'];
  for (const [name, label] of Object.entries(tokenPlugins)) {
    const file = fileURLToPath(new URL(`../peers/${name}.js`, import.meta.url));
    const { minifiedBytes, gzippedBytes } = await weigh(file);
    lines.push(`| ${label} | ${minifiedBytes.toLocaleString('en-GB')} | ${gzippedBytes.toLocaleString('en-GB')} |`);
  }
  return lines.join('\n');
}
