import { setImmediate as turn } from 'node:timers/promises';
import { expect, jest } from '@jest/globals';
import fc from 'fast-check';
import { now } from '../../lib/clock.js';
import { createToken, type Token } from '../../lib/Token.js';

/** Both local clocks, under the test's control. */
export interface FakeClock {
  ms: number;
}

/** Timers fire at the next turn, having moved the clock by their time. Call it in `beforeEach` or before a property; `jest.restoreAllMocks()` gives the real clocks back. */
export function fakeClock(): FakeClock {
  const clock = { ms: Date.parse('2026-01-01') };
  jest.spyOn(Date, 'now').mockImplementation(() => clock.ms);
  jest.spyOn(performance, 'now').mockImplementation(() => clock.ms);
  jest.spyOn(globalThis, 'setTimeout').mockImplementation(((callback: () => void, ms = 0) =>
    setImmediate(() => {
      clock.ms += ms;
      callback();
    })) as unknown as typeof setTimeout);
  return clock;
}

/** Token number `n`, received now. */
export function numberedToken(n: number, lifeMs = 100_000): Token {
  const expiresAtMs = Date.now() + lifeMs;
  return createToken({ value: `token-${n}`, claims: {}, expiresAtMs, requestedAt: now(), lifeMs });
}

export const numberOf = (token: { value: string }): number => Number(token.value.slice('token-'.length));

/** Lets everything that a step has set off come to rest before the next step. */
export const settle = (): Promise<void> => turn();

/** A scheduler whose steps do not overlap, so that what a caller sees is known to have come before the next step. */
export const scheduler = (): fc.Arbitrary<fc.Scheduler> =>
  fc.scheduler({
    act: async (step) => {
      await step();
      await settle();
    },
  });

/** Waits for `pending`, but not when nobody wants it any more. */
export async function leaving(pending: Promise<unknown>, abandoned: AbortSignal): Promise<void> {
  let leave: (() => void) | undefined;
  const left = new Promise<void>((resolve) => (leave = resolve));
  abandoned.addEventListener('abort', leave!);
  await Promise.race([pending, left]);
  abandoned.removeEventListener('abort', leave!);
}

/** A promise and the means to settle it. */
export function deferred<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  return { promise, resolve, reject };
}

/** Waits until something has happened that a real server or store takes a moment for. */
export async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; !isSo() && tries < 2000; tries++) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(isSo()).toBe(true);
}

/** What hangs. */
export const never = () => new Promise<never>(() => undefined);
