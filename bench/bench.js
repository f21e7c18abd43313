// The package beside its peers: `npm run bench`, or `node bench/bench.js [--rounds 2] [a c d]`. Prints Markdown.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundleWeights } from './support/bundleWeights.js';
import { headLine } from './support/headLine.js';
import { installedPackages } from './support/installedPackages.js';
import { markdownTable } from './support/markdownTable.js';
import { measureScenario } from './support/measureScenario.js';

const SCENARIOS = {
  a: 'perRequest',
  b: 'throughput',
  c: 'coldBurst',
  d: 'renewal',
  e: 'rejectedAtOnce',
  f: 'always401',
  g: 'heap',
  h: 'importTime',
};
const PACKAGE = fileURLToPath(new URL('../', import.meta.url));

/** What is not a matter of time, or of chance. */
const FACTS = { i: listPackages, j: listWeights };

const { values, positionals } = parseArgs({ options: { rounds: { type: 'string' } }, allowPositionals: true });
const known = [...Object.keys(SCENARIOS), ...Object.keys(FACTS)];
const unknown = positionals.filter((letter) => !known.includes(letter));
if (unknown.length > 0) throw new Error(`No such scenario: ${unknown.join(', ')}. There are ${known.join(', ')}.`);

async function report(name) {
  const { [name]: scenario } = await import(`./scenarios/${name}.js`);
  const rounds = Number(values.rounds ?? scenario.rounds);
  const results = await measureScenario(name, scenario, rounds);
  const spread = rounds > 1 ? ` ${rounds} rounds: median (lowest to highest).` : '';
  return `${scenario.title}\n\n${scenario.note}${spread}\n\n${markdownTable(scenario, results)}`;
}

function listPackages() {
  const packages = installedPackages(PACKAGE).map((one) => `- ${one}`);
  return `Packages that installing adds to an app beyond axios\n\n${packages.join('\n')}`;
}

async function listWeights() {
  return `Weight\n\nIn a bundle, with all dependencies but axios.\n\n${await bundleWeights()}`;
}

console.log(headLine());
for (const letter of positionals.length > 0 ? positionals : known) {
  const text = await (FACTS[letter]?.() ?? report(SCENARIOS[letter]));
  console.log(`\n### (${letter}) ${text}`);
}
