import { setTimeout as sleep } from 'node:timers/promises';
import { createLoopbackApi } from '../support/createLoopbackApi.js';
import { tokenPlugins } from '../support/plugins.js';
import { startLoopbackServer } from '../support/startLoopbackServer.js';
import { median, quantile } from '../support/statistics.js';

const CALLS_PER_SECOND = 200;
const TOKEN_DELAY_MS = 800;
const LIFE_SECONDS = 7;
/** Until a renewal is over also where it begins only when the token has expired. */
const DURATION_MS = LIFE_SECONDS * 1000 + TOKEN_DELAY_MS + 200;

async function timeCall(api) {
  const begunMs = Date.now();
  const startMs = performance.now();
  const hasFailed = await api.get('/Patient/1').then(
    () => false,
    () => true,
  );
  return { begunMs, tookMs: performance.now() - startMs, hasFailed };
}

/** At a steady pace, however long the answers take. */
async function callSteadily(api) {
  const startMs = performance.now();
  const calls = [];
  for (let elapsedMs = 0; elapsedMs < DURATION_MS; elapsedMs = performance.now() - startMs) {
    while (calls.length < (elapsedMs / 1000) * CALLS_PER_SECOND) calls.push(timeCall(api));
    await sleep(1);
  }
  return Promise.all(calls);
}

export const renewal = {
  title: 'A renewal',
  note: [
    `${CALLS_PER_SECOND} calls a second; a token lives ${LIFE_SECONDS} s, a token request takes ${TOKEN_DELAY_MS} ms.`,
    `The latency is that of the calls under way in the ${TOKEN_DELAY_MS} ms after the renewal began,`,
    "beyond the median of the same process's other calls.",
  ].join('\n'),
  subjects: tokenPlugins,
  rounds: 3,
  columns: [
    { title: 'added latency, ms: p50', figure: 'p50Ms', digits: 1 },
    { title: 'p99', figure: 'p99Ms', digits: 1 },
    { title: 'max', figure: 'maxMs', digits: 1 },
    { title: 'token requests', figure: 'tokenRequests' },
    { title: 'arrived with an expired token', figure: 'expiredArrivals' },
    { title: 'failed calls', figure: 'failedCalls' },
  ],
  async measure(plugin) {
    const server = await startLoopbackServer({
      api: 'guarded',
      tokenDelayMs: TOKEN_DELAY_MS,
      lifeSeconds: LIFE_SECONDS,
    });
    const api = await createLoopbackApi(plugin, server);
    await api.get('/Patient/1');
    const before = await server.counts();
    const calls = await callSteadily(api);
    const after = await server.counts();

    const renewalMs = after.renewalStartsMs[before.renewalStartsMs.length];
    const isDuringRenewal = ({ begunMs, tookMs }) =>
      begunMs < renewalMs + TOKEN_DELAY_MS && begunMs + tookMs > renewalMs;
    const tookMs = (chosen) => chosen.map((call) => call.tookMs);
    const usualMs = median(tookMs(calls.filter((call) => !isDuringRenewal(call))));
    const addedMs = tookMs(calls.filter(isDuringRenewal)).map((ms) => ms - usualMs);
    return {
      p50Ms: median(addedMs),
      p99Ms: quantile(addedMs, 0.99),
      maxMs: quantile(addedMs, 1),
      tokenRequests: after.tokenRequests - before.tokenRequests,
      expiredArrivals: after.expiredArrivals,
      failedCalls: calls.filter(({ hasFailed }) => hasFailed).length,
    };
  },
};
