// A minute of steady load on a bad day, and what came of it: `node bench/soak.js [seconds]`.
import { setFlagsFromString } from 'node:v8';
import { setTimeout as sleep } from 'node:timers/promises';
import { runInNewContext } from 'node:vm';
import axios from 'axios';
import { attachGraphnetAuth } from '../dist/index.js';
import { startSoakServer } from './support/soakServer.js';
import { quantile } from './support/statistics.js';

const SECONDS = Number(process.argv[2] ?? 60);
const RATE = 200;
const LIFE_MS = 2000;
const MAX_DELAY_MS = 500;
const WARM_UP_MS = Math.min(10_000, SECONDS * 200);
const OUTAGE_MS = LIFE_MS * 0.3;
/** The package stops using a token in the last twentieth of the life that it reckons with, the token request included. */
const MARGIN_MS = (LIFE_MS + MAX_DELAY_MS) * 0.05 + 20;

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');
const heapBytes = () => (gc(), process.memoryUsage().heapUsed);

const server = await startSoakServer({ lifeMs: LIFE_MS, maxDelayMs: MAX_DELAY_MS, faultShare: 0.05 });
const api = axios.create({ baseURL: server.origin });
const events = {};
attachGraphnetAuth(api, {
  clientId: 'soak',
  clientSecret: 's3cret',
  tokenUrl: server.tokenUrl,
  onEvent: ({ type }) => (events[type] = (events[type] ?? 0) + 1),
});

/** Allocated beforehand, so as not to count as growth of the heap: when a call began, how long it took, what it carried. */
const planned = SECONDS * RATE;
const begunMs = new Float64Array(planned);
const tookMs = new Float64Array(planned);
const carried = new Float64Array(planned);
const failures = {};
let failed = 0;

async function call(index) {
  begunMs[index] = Date.now();
  const since = performance.now();
  try {
    const { config } = await api.get('/Patient');
    carried[index] = server.tokens.get(config.headers.Authorization.slice('Bearer '.length)).order;
  } catch (error) {
    failed += 1;
    const kind = error.code ?? error.name;
    failures[kind] = (failures[kind] ?? 0) + 1;
  }
  tookMs[index] = performance.now() - since;
}

/** The token endpoint fails from just before a renewal falls due until after the token has expired. */
async function cutOff() {
  const { expMs } = [...server.tokens.values()].at(-1);
  await sleep(Math.max(0, expMs - OUTAGE_MS * 0.75 - Date.now()));
  server.failTokensFor(OUTAGE_MS);
}

const planTimer = (share, work) => setTimeout(() => void work(), SECONDS * 1000 * share);
for (const share of [1 / 6, 1 / 2, 5 / 6]) planTimer(share, server.revokeAll);
planTimer(0.65, cutOff);

const startMs = performance.now();
const pending = new Set();
let sent = 0;
let heapAtStart;
while (sent < planned) {
  const elapsedMs = performance.now() - startMs;
  if (heapAtStart === undefined && elapsedMs >= WARM_UP_MS) heapAtStart = heapBytes();
  for (; sent < Math.min(planned, (elapsedMs * RATE) / 1000); sent++) {
    const one = call(sent);
    pending.add(one);
    void one.then(() => pending.delete(one));
  }
  await sleep(5);
}
await Promise.all(pending);
const heapGrowthBytes = heapBytes() - heapAtStart;
server.close();

/** A call has waited if its token was not there yet when it began. */
const issued = [...server.tokens.values()];
/** An answer that a revocation overtakes is dropped: nobody ever carries that token. */
const orders = [...new Set(carried)].filter(Boolean).sort((a, b) => a - b);
let waited = 0;
let waitedNeedlessly = 0;
let waitedInMargin = 0;
const smooth = [];
const waits = [];
for (let index = (RATE * WARM_UP_MS) / 1000; index < planned; index++) {
  const token = issued[carried[index] - 1];
  if (!token) continue;
  if (token.answeredMs <= begunMs[index]) {
    smooth.push(tookMs[index]);
    continue;
  }
  waited += 1;
  waits.push(tookMs[index]);
  const previous = issued[orders[orders.indexOf(token.order) - 1] - 1];
  // The 401 of one call sends those that come after it to wait.
  if (previous.revokedMs <= begunMs[index] + tookMs[index]) continue;
  const leftMs = previous.expMs - begunMs[index];
  if (leftMs > MARGIN_MS) waitedNeedlessly += 1;
  else if (leftMs > 0) waitedInMargin += 1;
}

const { counts } = server;
const lives = (SECONDS * 1000) / LIFE_MS;
const REVOCATIONS = 3;
// Renewed after 80 % of a life, that is 1.25 tokens per life, one for each revocation, and one to begin with.
const mostIssued = Math.ceil(lives * 1.25) + REVOCATIONS + 1;
const ms = (value) => (value === undefined ? '-' : `${value.toFixed(1)} ms`);
const spread = (values) => ['median', 'p99', 'max'].map((name, at) => `${name} ${ms(quantile(values, [0.5, 0.99, 1][at]))}`).join(', '); // prettier-ignore

/** Each figure, and whether it is what it must be, where there is a must. */
const FIGURES = [
  ['calls', planned],
  ['failed calls', `${failed} ${failed ? JSON.stringify(failures) : ''}`, failed === 0],
  ['arrived with an expired token', counts.expired, counts.expired === 0],
  ['arrived with a token of nobody', counts.unknown, counts.unknown === 0],
  ['arrived with a revoked token, and healed', counts.revoked],
  ['calls after warm-up that waited for a token', waited],
  ['of these, in the last twentieth of the life of the token before', waitedInMargin],
  ['of these, earlier than that', waitedNeedlessly, waitedNeedlessly === 0],
  ['tokens issued', `${issued.length} in ${lives} lives, at most ${mostIssued}`, issued.length <= mostIssued],
  // One may be under way at the end.
  ['token requests per life', (counts.tokenRequests / lives).toFixed(2), counts.tokenRequests - issued.length - counts.faults <= 1], // prettier-ignore
  ['of these, failed by the server', counts.faults],
  ['token requests at once, at most', counts.mostAtOnce, counts.mostAtOnce === 1],
  ['latency of calls that did not wait', spread(smooth)],
  // The outage and the pauses of the retries after it.
  ['latency of calls that waited', spread(waits), !waits.length || quantile(waits, 1) < OUTAGE_MS + 2500],
  ['heap growth', `${(heapGrowthBytes / 1024).toFixed(0)} KiB`, heapGrowthBytes < 2 * 1024 * 1024],
  ['events', JSON.stringify(events), !events['token-failed'] && !events['not-replayed']],
];
for (const [name, value, isRight = true] of FIGURES) console.log(`${isRight ? ' ok ' : 'BAD '} ${name}: ${value}`);
process.exitCode = FIGURES.some(([, , isRight = true]) => !isRight) ? 1 : 0;
