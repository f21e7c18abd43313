/** What is known of a token answer's time; all since the epoch, in milliseconds. */
export interface Timing {
  readonly sentAtMs: number;
  readonly receivedAtMs: number;
  /** The answer's `Date` header. */
  readonly dateMs: number | undefined;
  /** The token's `iat`. */
  readonly issuedAtMs: number | undefined;
  /** The token's `exp`. */
  readonly expiresAtMs: number;
}

/**
 * R4: the authorisation server's clock at the moment that the token request was sent. `Date` and `iat` are whole
 * seconds, so they are the server's time give or take one: where the local clock fits them it is believed,
 * otherwise the server's clock is taken to be as late as it can be.
 */
export function serverTimeMs({ sentAtMs, receivedAtMs, dateMs, issuedAtMs, expiresAtMs }: Timing): number {
  const stampMs = Math.max(dateMs ?? -Infinity, issuedAtMs ?? -Infinity);
  if (stampMs === -Infinity) return sentAtMs;
  // Without `Date`, an old `iat` may just be a token that the server re-issues.
  const latestMs = dateMs === undefined ? expiresAtMs : stampMs + 1000;
  const agreesWith = (fromMs: number, untilMs: number) => receivedAtMs >= fromMs && sentAtMs < untilMs;
  if (agreesWith(stampMs, latestMs)) return sentAtMs;
  // Nobody issues a token that is over: such a `Date` is of another clock, as where the app's tests fake the time.
  const isDateForeign = dateMs !== undefined && dateMs >= expiresAtMs;
  const isIssuedNow = issuedAtMs !== undefined && agreesWith(issuedAtMs, issuedAtMs + 1000);
  return isDateForeign && isIssuedNow ? sentAtMs : stampMs + 1000;
}
