import { createLoopbackApi } from '../support/createLoopbackApi.js';
import { plugins } from '../support/plugins.js';
import { startLoopbackServer } from '../support/startLoopbackServer.js';

const CONCURRENCY = 16;
/** So long does V8 go on compiling. */
const WARM_UP_MS = 3000;
const MEASURED_MS = 2000;

async function requestsPerSecond(api, durationMs) {
  const startMs = performance.now();
  const elapsedMs = () => performance.now() - startMs;
  let answers = 0;
  async function call() {
    while (elapsedMs() < durationMs) {
      await api.get('/Patient/1');
      answers += 1;
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, call));
  return answers / (elapsedMs() / 1000);
}

export const throughput = {
  title: 'Requests per second',
  note: `Over loopback HTTP with keep-alive, ${CONCURRENCY} at a time.`,
  subjects: plugins,
  rounds: 5,
  columns: [
    {
      title: 'requests per second',
      figure: 'requestsPerSecond',
      ratiosTo: { staticHeader: '× static header', bare: '× bare axios' },
    },
  ],
  async measure(plugin) {
    const server = await startLoopbackServer({ api: 'open', tokenDelayMs: 0, lifeSeconds: 3600 });
    const api = await createLoopbackApi(plugin, server);
    await api.get('/Patient/1').catch(() => undefined);
    await requestsPerSecond(api, WARM_UP_MS);
    return { requestsPerSecond: await requestsPerSecond(api, MEASURED_MS) };
  },
};
