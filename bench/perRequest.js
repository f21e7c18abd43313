// What each plugin adds to a request, side by side in one run, over an adapter that does nothing: `npm run bench`.
import axios from 'axios';
import { Bench } from 'tinybench';
import { createNoopAdapter } from './support/noopAdapter.js';

const PLUGINS = {
  'bare axios': 'bare',
  'a constant header': 'staticHeader',
  'axios-graphnet-auth': 'graphnetAuth',
  'hand-rolled, as most apps have it': 'handRolled',
  'axios-oauth-client + axios-token-interceptor': 'oauthClient',
  'axios-auth-refresh': 'authRefresh',
};
const ROUNDS = 7;
const CREDENTIALS = { clientId: 'bench', clientSecret: 's3cret', tokenUrl: 'https://auth.example.org/oauth/token' };

async function createApi(plugin) {
  const { attach } = await import(`./peers/${plugin}.js`);
  const adapter = createNoopAdapter();
  // Some plugins ask for their token through the global axios.
  axios.defaults.adapter = adapter;
  const api = axios.create({ baseURL: 'https://api.example.org/fhir', adapter });
  attach(api, CREDENTIALS);
  await api.get('/Patient/1').catch(() => undefined);
  return api;
}

const quantile = (sorted, share) => sorted[Math.floor((sorted.length - 1) * share)];
const apis = new Map();
for (const [name, plugin] of Object.entries(PLUGINS)) apis.set(name, await createApi(plugin));
const medians = new Map([...apis.keys()].map((name) => [name, []]));

// Rounds over all of them, so that what else the machine does falls on all alike.
for (let round = 0; round < ROUNDS; round++) {
  const bench = new Bench({ time: 300, warmupTime: 100 });
  for (const [name, api] of apis) bench.add(name, () => api.get('/Patient/1'));
  await bench.run();
  for (const { name, result } of bench.tasks) medians.get(name).push(result.latency.p50 * 1000);
}

const bare = medians.get('bare axios');
console.log(`| ${ROUNDS} rounds | µs per request: median (lowest to highest) | times bare axios |\n|---|--:|--:|`);
for (const [name, figures] of medians) {
  const ratios = figures.map((figure, round) => figure / bare[round]).sort((a, b) => a - b);
  const sorted = figures.toSorted((a, b) => a - b);
  const [low, median, high] = [0, 0.5, 1].map((share) => quantile(sorted, share).toFixed(1));
  console.log(`| ${name} | ${median} (${low} to ${high}) | ${quantile(ratios, 0.5).toFixed(2)} |`);
}
