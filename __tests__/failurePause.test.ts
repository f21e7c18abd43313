import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createFailurePause } from '../lib/failurePause.js';
import { GraphnetAuthError } from '../lib/index.js';
import { attach } from './support/attached.js';
import { json, startGraphnet, type Graphnet } from './support/graphnet.js';

let graphnet: Graphnet;
let aheadMs: number;
const { now } = Date;
beforeEach(async () => {
  graphnet = await startGraphnet();
  aheadMs = 0;
  jest.spyOn(Date, 'now').mockImplementation(() => now() + aheadMs);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await graphnet.close();
});

const failing = () => {
  graphnet.onToken = (_, response) => json(response, 500, {});
  const { api, auth } = attach(graphnet, { tokenRetry: { retries: 0 } });
  /** The token requests that one more call makes. */
  const cost = async () => {
    const before = graphnet.tokenRequests.length;
    await api.get('/').catch(() => undefined);
    return graphnet.tokenRequests.length - before;
  };
  return { api, auth, cost };
};

describe('R25: after a failed token request', () => {
  test('the failure is shared for 1 s, then 2 s, up to 30 s', async () => {
    const { cost } = failing();
    expect(await cost()).toBe(1);
    for (const pauseMs of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
      aheadMs += pauseMs - 200;
      expect(await cost()).toBe(0);
      aheadMs += 250;
      expect(await cost()).toBe(1);
    }
  });

  test('one success resets the pause', async () => {
    const { auth, cost } = failing();
    await cost();
    aheadMs += 1100;
    await cost();
    aheadMs += 2100;
    const { onToken } = graphnet;
    graphnet.onToken = undefined;
    expect(await cost()).toBe(1);
    graphnet.onToken = onToken;
    auth.invalidate();
    expect(await cost()).toBe(1);
    aheadMs += 1100;
    expect(await cost()).toBe(1);
  });

  test('invalidate() resets the pause', async () => {
    const { auth, cost } = failing();
    await cost();
    expect(await cost()).toBe(0);
    auth.invalidate();
    expect(await cost()).toBe(1);
  });

  test('R2: everybody gets an error of their own, alike', async () => {
    const { api } = failing();
    const [a, b] = await Promise.all([
      api.get('/').catch((error: unknown) => error),
      api.get('/').catch((error: unknown) => error),
    ]);
    expect(a).not.toBe(b);
    expect(JSON.stringify(a)).toBe(JSON.stringify(b));
  });
});

test('R25: a machine whose clock is set back does not pause for longer', () => {
  const pause = createFailurePause();
  pause.begin(new GraphnetAuthError('ERR_GRAPHNET_TOKEN_REQUEST', 'down'));
  aheadMs = -3_600_000;
  expect(pause.current()).toBeDefined();
  const monotonicMs = performance.now();
  jest.spyOn(performance, 'now').mockReturnValue(monotonicMs + 1000);
  expect(pause.current()).toBeUndefined();
});
