import { elapsedMs, now, sleep, type Moment } from './clock.js';
import { GraphnetAuthError } from './GraphnetAuthError.js';
import { isFresh, remainingMs, type Token } from './Token.js';

const SPENT_MS = 250;
const MAX_SPENT_MS = 1500;

/** @param abandoned tells that nobody wants the token any more. */
export type TokenRequest = (abandoned: AbortSignal) => Promise<Token>;

/** R5: a token that is issued again has no more life than it had; an opaque one may be given another when that is over. */
function limitMs(token: Token, known: Token | undefined): number {
  if (token.value !== known?.value) return Infinity;
  const restMs = remainingMs(known) + elapsedMs(token.requestedAt);
  return restMs > 0 || token.claims.exp !== undefined ? restMs : Infinity;
}

/**
 * A token that can be sent. A server may issue the same token until it expires, or answer when it has: what is too late
 * to send anywhere (R4) is asked for again, for a moment.
 *
 * @param latest the token that was had last.
 */
export async function askForToken(
  request: TokenRequest,
  latest: Token | undefined,
  abandoned: AbortSignal,
): Promise<Token> {
  let known = latest;
  let since: Moment | undefined;
  while (!abandoned.aborted) {
    const answer = await request(abandoned);
    const restMs = limitMs(answer, known);
    const token = restMs < answer.lifeMs ? { ...answer, lifeMs: restMs } : answer;
    const isSpent = !isFresh(token) || (restMs < Infinity && remainingMs(token) < SPENT_MS);
    if (!isSpent) return token;
    since ??= now();
    if (elapsedMs(since) >= MAX_SPENT_MS) break;
    known = token;
    await sleep(SPENT_MS);
  }
  const message = 'The token had expired by the time that it arrived; is the token endpoint very slow?';
  throw new GraphnetAuthError('ERR_GRAPHNET_TOKEN_RESPONSE', message);
}
