// The package beside its peers: `npm run bench`, or `node bench/bench.js [--rounds 2] [a c d]`. Prints Markdown.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
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
const INSTALLED_PACKAGES = 'i';
const PACKAGE = fileURLToPath(new URL('../', import.meta.url));

const { values, positionals } = parseArgs({ options: { rounds: { type: 'string' } }, allowPositionals: true });
const known = [...Object.keys(SCENARIOS), INSTALLED_PACKAGES];
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

console.log(headLine());
for (const letter of positionals.length > 0 ? positionals : known) {
  const text = letter === INSTALLED_PACKAGES ? listPackages() : await report(SCENARIOS[letter]);
  console.log(`\n### (${letter}) ${text}`);
}
