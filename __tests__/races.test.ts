import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { GraphnetAuthError } from '../lib/GraphnetAuthError.js';
import type { Token } from '../lib/Token.js';
import { createTokenSource } from '../lib/tokenSource.js';
import { fakeClock, leaving, numberedToken, numberOf, scheduler, settle, type FakeClock } from './support/schedule.js';

const LIFE_MS = 100_000;

let clock: FakeClock;
beforeEach(() => {
  clock = fakeClock();
});
afterEach(() => {
  jest.restoreAllMocks();
});

type Step = { do: 'call' | 'revoke' | 'invalidate' } | { do: 'advance'; ms: number };
type Answer = 'new' | 'again' | 'failure';

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ do: 'call' as const }) },
  { weight: 2, arbitrary: fc.constant({ do: 'revoke' as const }) },
  { weight: 2, arbitrary: fc.constant({ do: 'invalidate' as const }) },
  // To within a pause, past a pause, into the renewal window, past the token's life.
  { weight: 3, arbitrary: fc.constantFrom(500, 5_000, 82_000, 120_000).map((ms) => ({ do: 'advance' as const, ms })) },
);
const answer: fc.Arbitrary<Answer> = fc.constantFrom('new', 'new', 'new', 'again', 'failure');

/** Runs a script of steps and token answers in the order that the scheduler chooses, and checks every invariant. */
async function run(s: fc.Scheduler, steps: Step[], answers: Answer[]): Promise<void> {
  // The spies of the clock remember every call.
  jest.clearAllMocks();
  let issued = 0;
  let revokedUpTo = 0;
  let requests = 0;
  let inFlight = 0;
  let failures = 0;
  let grants = 1;
  let newest = 0;
  let unsettled = 0;
  /** By token: which token request was the last before it was discarded. */
  const discardedAt = new Map<number, number>();
  const issuedBy = new Map<number, number>();
  const issuedAtMs = new Map<number, number>();
  const errors = new Set<unknown>();

  async function request(abandoned: AbortSignal): Promise<Token> {
    requests += 1;
    inFlight += 1;
    const own = requests;
    const sentAtMs = clock.ms;
    expect(inFlight).toBe(1);
    // The server decides when the request reaches it; the answer may take long to arrive.
    const kind = answers[own % answers.length];
    // A server that issues a token again does so while it lives.
    const isAlive = clock.ms - (issuedAtMs.get(issued) ?? -Infinity) < LIFE_MS - 1000;
    const usable = issued > revokedUpTo && kind === 'again' && isAlive;
    const token = kind === 'failure' ? undefined : numberedToken(usable ? issued : ++issued, LIFE_MS);
    if (token && !usable) issuedAtMs.set(issued, clock.ms);
    if (usable) grants += 1;
    await leaving(s.schedule(Promise.resolve(), `token answer ${own}: ${token?.value ?? kind}`), abandoned);
    inFlight -= 1;
    if (abandoned.aborted) throw new Error('nobody is to see this');
    // An answer that comes when its token is over is as good as none (R4).
    if (clock.ms - sentAtMs > LIFE_MS / 2) failures += 1;
    if (!token) {
      failures += 1;
      throw new GraphnetAuthError('ERR_GRAPHNET_TOKEN_REQUEST', 'outage', { status: 503 });
    }
    issuedBy.set(numberOf(token), own);
    return token;
  }

  const source = createTokenSource(request, () => undefined);

  async function takeToken(): Promise<Token> {
    const token = await source.get();
    const n = numberOf(token);
    expect(n).toBeGreaterThanOrEqual(newest);
    newest = n;
    if (discardedAt.has(n)) expect(issuedBy.get(n)).toBeGreaterThan(discardedAt.get(n)!);
    return token;
  }

  function noteDiscard(n: number): void {
    grants += 1;
    discardedAt.set(n, requests);
  }

  async function call(): Promise<void> {
    unsettled += 1;
    try {
      for (let tries = 0; tries < 2; tries++) {
        const token = await takeToken();
        const accepted = numberOf(token) > revokedUpTo;
        await s.schedule(Promise.resolve(), `api answer: ${accepted ? 200 : 401} to ${token.value}`);
        if (accepted) break;
        const outcome = source.discard(token.header);
        if (outcome === 'discarded') noteDiscard(numberOf(token));
        if (outcome === 'storm-limit') break;
      }
    } catch (error) {
      if (!(error instanceof GraphnetAuthError)) throw error;
      expect(failures).toBeGreaterThan(0);
      expect(errors).not.toContain(error);
      errors.add(error);
    } finally {
      unsettled -= 1;
    }
  }

  const outcomes = steps.map(async (one) => {
    await s.schedule(Promise.resolve(), 'ms' in one ? `${one.do} ${one.ms}` : one.do);
    if (one.do === 'call') return call();
    if (one.do === 'revoke') revokedUpTo = issued;
    if (one.do === 'invalidate') {
      const current = source.peek(Date.now());
      source.invalidate();
      grants += 1;
      if (current) discardedAt.set(numberOf(current), requests);
    }
    if (one.do === 'advance') {
      clock.ms += one.ms;
      grants += 1;
    }
    expect(numberOf(source.peek(Date.now()) ?? { value: 'token-Infinity' })).toBeGreaterThanOrEqual(newest);
    return undefined;
  });
  // What waits for a timer is not idle.
  for (let rounds = 0; rounds === 0 || (unsettled > 0 && rounds < 20); rounds++) {
    await s.waitIdle();
    await settle();
  }
  expect(unsettled).toBe(0);
  await Promise.all(outcomes);
  // Only a cold start, a discard, an invalidation, time that passes and a token issued again are reasons to ask.
  expect(requests).toBeLessThanOrEqual(grants);
}

describe('R2, R5, R6, R25, R26: races by schedule', () => {
  test('10,000 schedules: one token request at a time, newest wins, discarded stays discarded, everybody settles', async () => {
    const script = fc.array(step, { minLength: 2, maxLength: 14 });
    const answers = fc.array(answer, { minLength: 1, maxLength: 6 });
    await fc.assert(fc.asyncProperty(scheduler(), script, answers, run), { numRuns: 10_000 });
  }, 300_000);
});
