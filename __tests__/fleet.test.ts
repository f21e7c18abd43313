import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runFleet } from '../bench/support/fleet.js';
import { startRedis, whyNoRedis, type TestRedis } from './support/redis.js';

// Runs on the build, as apps do: `npm run build` comes first.
(whyNoRedis ? describe.skip : describe)(`a fleet of 16 processes with a real Redis ${whyNoRedis ?? ''}`, () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  test('R30, R31: about one token request per life, and about one for a revocation', async () => {
    const figures = await runFleet({
      processes: 16,
      lives: 4,
      lifeMs: 3000,
      redisUrl: redis.url,
      revokesAfterLives: 1.3,
    });
    expect(figures).toMatchObject({ failedCalls: 0, expiredArrivals: 0 });
    expect(figures.calls).toBeGreaterThan(16 * 4);
    expect(figures.fromStore).toBeGreaterThan(16);
    // 5 and 1 on a quiet machine; without a store 80 and 16.
    expect(figures.tokenRequests).toBeLessThanOrEqual(20);
    expect(figures.revocationTokenRequests).toBeLessThanOrEqual(6);
  }, 60_000);
});
