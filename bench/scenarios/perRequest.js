import { Bench } from 'tinybench';
import { createNoopApi } from '../support/createNoopApi.js';
import { plugins } from '../support/plugins.js';

const WARM_UP_MS = 400;
const MEASURED_MS = 500;
const BASE_URL = 'https://api.example.org/fhir';
const RELATIVE_URL = '/Patient/1';
const ABSOLUTE_URL = `${BASE_URL}${RELATIVE_URL}`;

const ratiosTo = { staticHeader: '× static header', bare: '× bare axios' };

export const perRequest = {
  title: 'One request',
  note: 'The median request of each process, one after the other, over an adapter that answers at once.',
  subjects: plugins,
  rounds: 11,
  columns: [
    { title: 'relative URL with `baseURL`, ns', figure: 'relativeNs', ratiosTo },
    { title: 'absolute URL without, ns', figure: 'absoluteNs', ratiosTo },
  ],
  async measure(plugin) {
    const relativeApi = await createNoopApi(plugin, { baseURL: BASE_URL, url: RELATIVE_URL });
    const absoluteApi = await createNoopApi(plugin, { url: ABSOLUTE_URL });
    const bench = new Bench({ warmupTime: WARM_UP_MS, time: MEASURED_MS, throws: true });
    bench.add('relative', () => relativeApi.get(RELATIVE_URL));
    bench.add('absolute', () => absoluteApi.get(ABSOLUTE_URL));
    // The median, for the mean is at the mercy of what else the machine does.
    const [relativeNs, absoluteNs] = (await bench.run()).map(({ result }) => result.latency.p50 * 1e6);
    return { relativeNs, absoluteNs };
  },
};
