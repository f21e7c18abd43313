import { createNoopApi } from '../support/createNoopApi.js';
import { plugins } from '../support/plugins.js';

const REQUESTS_BEFORE = 10_000;
const REQUESTS = 1_000_000;

function heapKib() {
  globalThis.gc();
  return process.memoryUsage().heapUsed / 1024;
}

export const heap = {
  title: 'Heap',
  note: `After ${REQUESTS.toLocaleString('en-GB')} requests, less that after ${REQUESTS_BEFORE.toLocaleString('en-GB')}, each after a garbage collection.`,
  subjects: plugins,
  rounds: 1,
  isUntimed: true,
  columns: [{ title: 'growth, KiB', figure: 'growthKib' }],
  async measure(plugin) {
    const url = '/Patient/1';
    const api = await createNoopApi(plugin, { baseURL: 'https://api.example.org/fhir', url });
    for (let request = 0; request < REQUESTS_BEFORE; request++) await api.get(url);
    const before = heapKib();
    for (let request = REQUESTS_BEFORE; request < REQUESTS; request++) await api.get(url);
    return { growthKib: heapKib() - before };
  },
};
