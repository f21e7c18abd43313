import { createHash } from 'node:crypto';
import { decodeClaims, isBearerToken, parseObject } from './parseTokenResponse.js';
import type { ResolvedOptions } from './resolveOptions.js';
import { createToken, MAX_LIFE_MS, type Token } from './Token.js';

const CLOCK_TOLERANCE_MS = 1000;

/** R32: names neither secret nor id in clear. */
export function keyOf({ tokenUrl, clientId }: ResolvedOptions): string {
  const digest = createHash('sha256').update(`${tokenUrl.href}\n${clientId}`).digest('base64url');
  return `axios-graphnet-auth:${digest}`;
}

/** The life is kept as judged by the process that received the token: that one knew the server's clock. */
export function serialize({ value, expiresAtMs, requestedAt, lifeMs }: Token): string {
  return JSON.stringify({ value, expiresAtMs, requestedAtMs: requestedAt.wallMs, lifeMs });
}

const isTime = (value: unknown): value is number =>
  typeof value === 'number' && !Number.isNaN(new Date(value).getTime());
const isLife = (value: unknown): value is number => isTime(value) && value > 0 && value <= MAX_LIFE_MS;

/** R32: `undefined` for anything but an entry as `serialize` makes it. */
export function parseEntry(entry: unknown): Token | undefined {
  const { value, expiresAtMs, requestedAtMs, lifeMs } = parseObject(entry) ?? {};
  if (!isBearerToken(value) || !isLife(lifeMs) || !isTime(expiresAtMs) || !isTime(requestedAtMs)) return undefined;
  const wallMs = Date.now();
  // R4: of an entry from the future it cannot be told how old it is.
  if (requestedAtMs > wallMs + CLOCK_TOLERANCE_MS) return undefined;
  const ageMs = Math.max(0, wallMs - requestedAtMs);
  const requestedAt = { wallMs: wallMs - ageMs, monotonicMs: performance.now() - ageMs };
  return createToken({ value, claims: decodeClaims(value), expiresAtMs, requestedAt, lifeMs });
}
