// The main job, from the first call to a revoked token, against a real OAuth 2.0 server. Run it: npm run demo
import axios from 'axios';
import { setTimeout as delay } from 'node:timers/promises';
import { attachGraphnetAuth } from '../dist/index.js';
import { startAuthorisationServer } from './authorisationServer.js';
import { startFhirApi } from './fhirApi.js';
import { createTimeline } from './timeline.js';

const LIFE_SECONDS = 5;
const credentials = { clientId: 'a-hospital', clientSecret: 'correct-horse-battery-staple' };
const subscriptionKey = 'a-subscription-key';
const { say, step, check, failures } = createTimeline();

const authServer = await startAuthorisationServer({ ...credentials, lifeSeconds: LIFE_SECONDS });
const fhir = await startFhirApi({ ...authServer, subscriptionKey });
const { tokenUrl } = authServer;
say(`authorisation server at ${tokenUrl}`);
say(`FHIR API at ${fhir.url}; tokens live ${LIFE_SECONDS} s`);

// An ordinary axios app …
const api = axios.create({
  baseURL: fhir.url,
  headers: { common: { 'Ocp-Apim-Subscription-Key': subscriptionKey } },
});
// … and the one line. In production the credentials come from the environment, and `attachGraphnetAuth(api)` is all.
const auth = attachGraphnetAuth(api, {
  ...credentials,
  tokenUrl,
  onEvent: ({ type }) => type === 'replayed' || say(`· ${type}`),
});

const many = (count, work) => Promise.all(Array.from({ length: count }, work));
/** What `work` adds to the counts of both servers. */
async function counting(work) {
  const before = { ...authServer.counts, ...fhir.counts };
  const result = await work();
  const after = { ...authServer.counts, ...fhir.counts };
  return { result, added: Object.fromEntries(Object.keys(after).map((name) => [name, after[name] - before[name]])) };
}

step('1. A cold start: 100 calls at once');
const cold = await counting(() => many(100, () => api.get('/Patient')));
check('token requests', cold.added.tokenRequests, 1);
check('API requests answered 200', cold.added.ok, 100);

step('2. Reuse: 100 calls more');
const warm = await counting(() => many(100, () => api.get('/Patient')));
check('token requests', warm.added.tokenRequests, 0);

step('3. What the token says');
const token = await auth.getToken();
say(`console.log(token): ${JSON.stringify(token)}`);
check('the APIs it is for', token.claims.apis.join(', '), 'Patient, Observation');

step(`4. Renewal: a call every 20 ms over ${LIFE_SECONDS + 1} s, past the end of the token's life`);
const renewal = await counting(async () => {
  const times = [];
  const end = performance.now() + (LIFE_SECONDS + 1) * 1000;
  while (performance.now() < end) {
    const startedAt = performance.now();
    await api.get('/Patient');
    times.push(performance.now() - startedAt);
    await delay(20);
  }
  return times.sort((a, b) => a - b);
});
const times = renewal.result;
check('token requests, each behind the calls', renewal.added.tokenRequests, (count) => count >= 1 && count <= 2);
check('calls that arrived with an expired token', renewal.added.expired, 0);
check('calls that failed', renewal.added.requests - renewal.added.ok, 0);
say(`  ${times.length} calls: median ${times[times.length >> 1].toFixed(1)} ms, slowest ${times.at(-1).toFixed(1)} ms`);

step('5. The token is revoked under 50 calls');
fhir.revokeAll();
const healed = await counting(() => many(50, () => api.post('/Observation', { status: 'final' })));
check('API requests answered 401', healed.added.unauthorized, 50);
check('token requests', healed.added.tokenRequests, 1);
check('replays, and calls that succeeded', healed.added.ok, 50);

step('6. A 401 that is not about the token: the subscription key is missing');
const other = await counting(() =>
  api.get('/Patient', { headers: { 'Ocp-Apim-Subscription-Key': null } }).catch((error) => error),
);
check('what the caller gets', other.result.message, 'Request failed with status code 401');
check('token requests', other.added.tokenRequests, 0);
check('API requests', other.added.requests, 1);

step('7. Wrong credentials');
const wrong = axios.create({ baseURL: fhir.url });
attachGraphnetAuth(wrong, { clientId: credentials.clientId, clientSecret: 'wrong-secret', tokenUrl });
const refused = await counting(() => wrong.get('/Patient').catch((error) => error));
say(`  ${refused.result.message}`);
check('code', refused.result.code, 'ERR_GRAPHNET_CREDENTIALS');
check('the secret is in the error', JSON.stringify(refused.result).includes('wrong-secret'), false);
check('token requests (no retry)', refused.added.tokenRequests, 1);

auth.detach();
authServer.stop();
fhir.stop();
const { tokenRequests } = authServer.counts;
console.log(
  `\n${fhir.counts.ok} successful API requests on ${tokenRequests} token requests; ${failures()} figures are not what they should be.`,
);
process.exitCode = failures() === 0 ? 0 : 1;
