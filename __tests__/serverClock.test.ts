import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { isPast } from '../lib/clock.js';
import { serverTimeMs } from '../lib/serverClock.js';
import { dueAt, isFresh, remainingMs } from '../lib/Token.js';
import { parseTokenResponse } from '../lib/parseTokenResponse.js';
import { jwt } from './support/graphnet.js';

const HOUR_MS = 3600_000;
const T = Date.parse('2026-11-23T12:00:00Z');

describe('R4: the server’s clock at the moment the token request was sent', () => {
  test.each<[string, Parameters<typeof serverTimeMs>[0], number]>([
    [
      'clocks that agree',
      { sentAtMs: T + 300, receivedAtMs: T + 400, dateMs: T, issuedAtMs: T, expiresAtMs: T + HOUR_MS },
      T + 300,
    ],
    [
      'a slow answer',
      { sentAtMs: T + 300, receivedAtMs: T + 2400, dateMs: T + 2000, issuedAtMs: T + 2000, expiresAtMs: T + HOUR_MS },
      T + 300,
    ],
    [
      'a server an hour ahead',
      { sentAtMs: T, receivedAtMs: T + 9, dateMs: T + HOUR_MS, issuedAtMs: T + HOUR_MS, expiresAtMs: T + 2 * HOUR_MS },
      T + HOUR_MS + 1000,
    ],
    [
      'a server an hour behind',
      { sentAtMs: T, receivedAtMs: T + 9, dateMs: T - HOUR_MS, issuedAtMs: T - HOUR_MS, expiresAtMs: T },
      T - HOUR_MS + 1000,
    ],
    [
      'a cached token: Date counts, not iat',
      { sentAtMs: T, receivedAtMs: T + 9, dateMs: T, issuedAtMs: T - HOUR_MS / 2, expiresAtMs: T + HOUR_MS / 2 },
      T,
    ],
    [
      'a gateway behind the issuer: iat counts',
      { sentAtMs: T, receivedAtMs: T + 9, dateMs: T, issuedAtMs: T + HOUR_MS, expiresAtMs: T + 2 * HOUR_MS },
      T + HOUR_MS + 1000,
    ],
    [
      'a Date after the end of a token that is issued now: of another clock, as where a test fakes the time',
      { sentAtMs: T + 300, receivedAtMs: T + 400, dateMs: T + HOUR_MS, issuedAtMs: T, expiresAtMs: T + HOUR_MS },
      T + 300,
    ],
    [
      'a Date after the end of a token that was issued long ago: it is over',
      { sentAtMs: T - HOUR_MS / 2, receivedAtMs: T, dateMs: T + 1000, issuedAtMs: T - HOUR_MS, expiresAtMs: T + 1000 },
      T + 2000,
    ],
    [
      'a gateway ahead of the issuer: Date counts as long as the token lives by it',
      { sentAtMs: T, receivedAtMs: T + 9, dateMs: T + HOUR_MS / 2, issuedAtMs: T, expiresAtMs: T + HOUR_MS },
      T + HOUR_MS / 2 + 1000,
    ],
    [
      'no Date, local clock within the life',
      { sentAtMs: T + 60_000, receivedAtMs: T + 60_009, dateMs: undefined, issuedAtMs: T, expiresAtMs: T + HOUR_MS },
      T + 60_000,
    ],
    [
      'no Date, local clock behind',
      {
        sentAtMs: T - HOUR_MS,
        receivedAtMs: T - HOUR_MS + 9,
        dateMs: undefined,
        issuedAtMs: T,
        expiresAtMs: T + HOUR_MS,
      },
      T + 1000,
    ],
    [
      'no Date, local clock ahead',
      {
        sentAtMs: T + 2 * HOUR_MS,
        receivedAtMs: T + 2 * HOUR_MS + 9,
        dateMs: undefined,
        issuedAtMs: T,
        expiresAtMs: T + HOUR_MS,
      },
      T + 1000,
    ],
    [
      'a local clock a minute ahead',
      { sentAtMs: T + 60_000, receivedAtMs: T + 60_009, dateMs: T, issuedAtMs: T, expiresAtMs: T + HOUR_MS },
      T + 1000,
    ],
    [
      'an answer that was dated before it took its time',
      { sentAtMs: T + 300, receivedAtMs: T + 2400, dateMs: T, issuedAtMs: T, expiresAtMs: T + HOUR_MS },
      T + 300,
    ],
    [
      'neither',
      { sentAtMs: T, receivedAtMs: T + 9, dateMs: undefined, issuedAtMs: undefined, expiresAtMs: T + HOUR_MS },
      T,
    ],
  ])('%s', (_, timing, expected) => {
    expect(serverTimeMs(timing)).toBe(expected);
  });
});

describe('R4, R5: a token’s life on fake clocks', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  /** A token of `lifeMs` received from a server whose clock is `skewMs` ahead, and what becomes of it. */
  function received(lifeMs: number, skewMs: number, withDate: boolean) {
    const clock = { wallMs: T + 200, monotonicMs: 5000 };
    jest.spyOn(Date, 'now').mockImplementation(() => clock.wallMs);
    jest.spyOn(performance, 'now').mockImplementation(() => clock.monotonicMs);
    const issuedAt = (T + skewMs) / 1000;
    const at = { ...clock };
    const body = { token_type: 'Bearer', access_token: jwt({ iat: issuedAt, exp: issuedAt + lifeMs / 1000 }) };
    const dateHeader = withDate ? new Date(T + skewMs).toUTCString() : undefined;
    const answer = { status: 200, body, dateHeader, sentAt: at, receivedAt: { ...clock, wallMs: clock.wallMs + 50 } };
    return { token: parseTokenResponse(answer, 'secret'), clock };
  }

  test.each([
    [0, true],
    [HOUR_MS, true],
    [-HOUR_MS, true],
    [HOUR_MS, false],
    [-2 * HOUR_MS, false],
  ])('a server %d ms ahead (Date header: %s): used for most of its life, never past its end', (skewMs, withDate) => {
    const { token, clock } = received(HOUR_MS, skewMs, withDate);
    const start = { ...clock };
    const at = (ms: number) => Object.assign(clock, { wallMs: start.wallMs + ms, monotonicMs: start.monotonicMs + ms });
    at(HOUR_MS * 0.9);
    expect(isFresh(token)).toBe(true);
    expect(isPast(dueAt(token, 0))).toBe(false);
    at(HOUR_MS - 4 * 60_000);
    expect(isFresh(token) && isPast(dueAt(token, 0))).toBe(true);
    at(HOUR_MS - 13_000);
    expect(isFresh(token)).toBe(true);
    at(HOUR_MS - 9_000);
    expect(isFresh(token)).toBe(false);
  });

  test('a local clock that is set back keeps no token too long; one that is set forward, or a machine that slept, neither', () => {
    const { token, clock } = received(HOUR_MS, 0, true);
    Object.assign(clock, { wallMs: clock.wallMs - 5 * HOUR_MS, monotonicMs: clock.monotonicMs + HOUR_MS });
    expect(isFresh(token)).toBe(false);
    const second = received(HOUR_MS, 0, true);
    second.clock.wallMs += HOUR_MS;
    expect(isFresh(second.token)).toBe(false);
  });

  test.each([3_000, 40 * 24 * HOUR_MS])(
    'a life of %d ms: due in its last 20 % (at most 5 minutes), then no longer fresh',
    (lifeMs) => {
      const { token, clock } = received(lifeMs, 0, true);
      const start = { ...clock };
      const at = (ms: number) =>
        Object.assign(clock, { wallMs: start.wallMs + ms, monotonicMs: start.monotonicMs + ms });
      const left = lifeMs - 200;
      const window = Math.min(left * 0.2, 300_000);
      at(left - window - 1);
      expect(isPast(dueAt(token, 0))).toBe(false);
      at(left - window + 1);
      expect(isPast(dueAt(token, 0)) && isFresh(token)).toBe(true);
      at(left - Math.min(left * 0.05, 10_000) + 1);
      expect(isFresh(token)).toBe(false);
    },
  );
});

describe('R4: the age of a token', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  test('is counted from when it was asked for, not from when it came', () => {
    const sentAt = { wallMs: T, monotonicMs: 5000 };
    jest.spyOn(Date, 'now').mockReturnValue(T + 20_000);
    jest.spyOn(performance, 'now').mockReturnValue(25_000);
    const body = { token_type: 'Bearer', access_token: 'opaque', expires_in: 60 };
    const receivedAt = { wallMs: T + 20_000, monotonicMs: 25_000 };
    const token = parseTokenResponse({ status: 200, body, dateHeader: undefined, sentAt, receivedAt }, 'secret');
    expect(remainingMs(token)).toBe(40_000);
  });
});
