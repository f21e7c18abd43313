import { elapsedMs, type Moment } from './clock.js';
import type { AccessToken, GraphnetClaims } from './types.js';

/** R24: what claims to live longer is a mistake, such as an `exp` in milliseconds. */
export const MAX_LIFE_MS = 366 * 24 * 3600_000;
const MAX_MARGIN_MS = 10_000;
const MAX_LAST_MARGIN_MS = 1000;
const MAX_RENEWAL_WINDOW_MS = 300_000;

/** An access token and what was judged of its life, once, when it was received. */
export interface Token {
  readonly value: string;
  readonly header: string;
  readonly claims: Readonly<GraphnetClaims>;
  /** On the authorisation server's clock, since the epoch. */
  readonly expiresAtMs: number;
  /** Before the token request was sent, so that the life is never counted from too late. */
  readonly requestedAt: Moment;
  /** What was left of the token's life at `requestedAt`. */
  readonly lifeMs: number;
}

/** R5: the last 20 % of the life, at most 5 minutes. */
const renewalWindowMs = (lifeMs: number) => Math.min(lifeMs * 0.2, MAX_RENEWAL_WINDOW_MS);

/** R4: time for a request to reach the API, so that the token does not expire on its way. */
const marginMs = (lifeMs: number, maxMs = MAX_MARGIN_MS) => Math.min(lifeMs * 0.05, maxMs);

export const createToken = (facts: Omit<Token, 'header'>): Token => ({ ...facts, header: `Bearer ${facts.value}` });

export const remainingMs = (token: Token): number => token.lifeMs - elapsedMs(token.requestedAt);

/** May be sent: will not expire before it arrives (R4). */
export const isFresh = (token: Token): boolean => remainingMs(token) > marginMs(token.lifeMs);

/** May still be sent where no other token is to be had. */
export const isAlive = (token: Token): boolean => remainingMs(token) > marginMs(token.lifeMs, MAX_LAST_MARGIN_MS);

/**
 * When its renewal is due, while it is still fresh (R5).
 *
 * @param spread 0 to 1: how far into the window, short of its end, this process renews (R30).
 */
export function dueAt({ requestedAt, lifeMs }: Token, spread: number): Moment {
  const windowMs = renewalWindowMs(lifeMs);
  const latestMs = (windowMs - marginMs(lifeMs)) * 0.8;
  const afterMs = lifeMs - windowMs + spread * latestMs;
  return { wallMs: requestedAt.wallMs + afterMs, monotonicMs: requestedAt.monotonicMs + afterMs };
}

/** What the app is given: `value` is an accessor that no printer follows. */
export function toAccessToken({ value, claims, expiresAtMs }: Token): AccessToken {
  const expiresAt = new Date(expiresAtMs);
  const redacted = () => ({ value: '[redacted]', claims, expiresAt });
  const accessToken = { claims, expiresAt };
  Object.defineProperties(accessToken, {
    value: { get: () => value },
    toJSON: { value: redacted },
    [Symbol.for('nodejs.util.inspect.custom')]: { value: redacted },
  });
  return accessToken as AccessToken;
}
