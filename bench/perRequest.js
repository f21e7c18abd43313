import axios from 'axios';
import { createNoopAdapter } from './support/noopAdapter.js';
import { credentialsFor, load } from './support/variants.js';

const ORIGIN = 'https://api.example.org';
const URL_FORMS = {
  relative: { baseURL: `${ORIGIN}/fhir`, url: '/Patient/1' },
  absolute: { baseURL: undefined, url: `${ORIGIN}/fhir/Patient/1` },
  both: { baseURL: `${ORIGIN}/fhir`, url: `${ORIGIN}/fhir/Patient/1` },
};
const BATCH = 1000;
const WARM_UP_BATCHES = 20;
const BATCHES = 30;

async function run(api, url) {
  const startedAt = process.hrtime.bigint();
  for (let i = 0; i < BATCH; i += 1) await api.get(url);
  return Number(process.hrtime.bigint() - startedAt) / BATCH;
}

/** The time of one request whose adapter does nothing; of the best batch, for whatever else the machine does only adds. */
export async function perRequestNs(variant, form) {
  const { baseURL, url } = URL_FORMS[form];
  const adapter = createNoopAdapter();
  axios.defaults.adapter = adapter;
  const api = axios.create({ baseURL, adapter });
  (await load(variant))(api, credentialsFor('https://auth.example.org/oauth/token'));
  await api.get(url).catch(() => undefined);
  for (let batch = 0; batch < WARM_UP_BATCHES; batch += 1) await run(api, url);
  let bestNs = Infinity;
  for (let batch = 0; batch < BATCHES; batch += 1) bestNs = Math.min(bestNs, await run(api, url));
  return bestNs;
}
