import { jwtDecode } from 'jwt-decode';
import type { Moment } from './clock.js';
import { GraphnetAuthError } from './GraphnetAuthError.js';
import { scrub } from './scrub.js';
import { serverTimeMs } from './serverClock.js';
import { createToken, MAX_LIFE_MS, type Token } from './Token.js';
import type { GraphnetClaims } from './types.js';

/** RFC 6750 section 2.1: what a bearer token consists of; anything else could inject a header. */
const BEARER_TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;

/** An answer of the token endpoint with a status of 2xx. */
export interface TokenAnswer {
  readonly status: number;
  /** Text, or what an adapter of the app's (a mock, say) has already parsed. */
  readonly body: unknown;
  readonly dateHeader: string | undefined;
  readonly sentAt: Moment;
  readonly receivedAt: Moment;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** JSON object or `undefined`: the answer of a proxy may be anything. */
export function parseObject(body: unknown): Record<string, unknown> | undefined {
  if (typeof body !== 'string') return isRecord(body) ? body : undefined;
  try {
    const parsed: unknown = JSON.parse(body);
    return isRecord(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** The payload of a JWT; empty for anything else that may be a token. */
export function decodeClaims(value: string): Readonly<GraphnetClaims> {
  let payload: unknown;
  try {
    payload = jwtDecode(value);
  } catch {
    // An opaque token.
  }
  return Object.freeze(isRecord(payload) ? payload : {});
}

export const isBearerToken = (value: unknown): value is string => typeof value === 'string' && BEARER_TOKEN.test(value);

/** Seconds, as a number, or as a string of digits as some servers have it. */
function readExpiresInMs(value: unknown): number | undefined {
  const seconds = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value;
  return typeof seconds === 'number' && seconds * 1000 <= MAX_LIFE_MS ? seconds * 1000 : undefined;
}

/** The year 5138: a larger NumericDate is in milliseconds by mistake, and no `Date` holds much more. */
const MAX_SECONDS = 1e11;

const readSeconds = (value: unknown): number | undefined =>
  typeof value === 'number' && Math.abs(value) < MAX_SECONDS ? value * 1000 : undefined;

/** R24: field by field; only a usable token passes. */
export function parseTokenResponse(answer: TokenAnswer, secret: string): Token {
  const refuse = (problem: string, details = {}): never => {
    const message = `The token endpoint's answer is not usable: ${problem}.`;
    throw new GraphnetAuthError('ERR_GRAPHNET_TOKEN_RESPONSE', message, { status: answer.status, ...details });
  };
  const fields = parseObject(answer.body);
  if (!fields) return refuse('it is not a JSON object; check tokenUrl, and whether a proxy answered');
  if (fields.error) {
    const oauthError = scrub(fields.error, secret);
    const oauthErrorDescription = scrub(fields.error_description, secret);
    return refuse(`it holds an error (${oauthError ?? 'not a string'})`, { oauthError, oauthErrorDescription });
  }
  const { access_token: value, token_type: type, expires_in: expiresIn } = fields;
  if (typeof type !== 'string' || type.toLowerCase() !== 'bearer') return refuse('token_type is not Bearer');
  if (value === undefined || value === null) return refuse('access_token is missing');
  if (!isBearerToken(value)) return refuse('access_token has characters that RFC 6750 does not allow');

  const claims = decodeClaims(value);
  const expiresAtMs = readSeconds(claims.exp);
  const expiresInMs = readExpiresInMs(expiresIn);
  if (expiresInMs !== undefined && expiresInMs <= 0) return refuse('expires_in is not positive');
  const sentAtMs = answer.sentAt.wallMs;
  const dateMs = readSeconds(Date.parse(answer.dateHeader ?? '') / 1000);

  const lives: { lifeMs: number; expiresAtMs: number }[] = [];
  if (expiresAtMs !== undefined) {
    const timing = { sentAtMs, receivedAtMs: answer.receivedAt.wallMs, dateMs, expiresAtMs };
    const issuedAtMs = readSeconds(claims.iat);
    const lifeMs = expiresAtMs - serverTimeMs({ ...timing, issuedAtMs });
    if (lifeMs <= 0 && (dateMs === undefined || expiresAtMs <= Math.max(dateMs, issuedAtMs ?? dateMs))) {
      return refuse("the token has already expired on the server's own clock");
    }
    if (lifeMs <= MAX_LIFE_MS) lives.push({ lifeMs, expiresAtMs });
  }
  if (expiresInMs !== undefined) lives.push({ lifeMs: expiresInMs, expiresAtMs: (dateMs ?? sentAtMs) + expiresInMs });
  const earliest = lives.sort((a, b) => a.lifeMs - b.lifeMs)[0];
  if (!earliest) {
    return refuse('it has neither a JWT with a numeric exp in seconds, at most a year ahead, nor a usable expires_in');
  }
  return createToken({ value, claims, requestedAt: answer.sentAt, ...earliest });
}
