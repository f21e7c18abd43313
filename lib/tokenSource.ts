import pMemoize from 'p-memoize';
import { elapsedMs, now, sleep } from './clock.js';
import { createFailurePause } from './failurePause.js';
import { GraphnetAuthError } from './GraphnetAuthError.js';
import type { Emit } from './GraphnetAuthEvent.js';
import type { SharedStore } from './sharedStore.js';
import { createStormLimit } from './stormLimit.js';
import { createToken, isDue, isFresh, remainingMs, type Token } from './Token.js';

const SPENT_MS = 250;
const MAX_SPENT_MS = 1500;
const MAX_REMEMBERED = 10;

export type DiscardOutcome = 'discarded' | 'not-current' | 'storm-limit';

export interface TokenSource {
  /** The current token if there is nothing to wait for and nothing to start. */
  peek(): Token | undefined;
  get(): Promise<Token>;
  /** R6: discards a token that the API has rejected, if it is still the current one and R9 permits. */
  discard(rejectedHeader: string): DiscardOutcome;
  invalidate(): void;
}

/** Everybody gets an error of their own: axios writes to the stack of what it rethrows. */
const sameFailure = ({ code, message, ...details }: GraphnetAuthError) => new GraphnetAuthError(code, message, details);

/**
 * The one place where a token is kept. A generation ends whenever a token is discarded: only callers of the same
 * generation share a token request, and an answer for a past generation is neither kept nor handed out.
 */
export function createTokenSource(request: () => Promise<Token>, emit: Emit, store?: SharedStore): TokenSource {
  let slot: Token | undefined;
  let latest: Token | undefined;
  let generation = 0;
  let isRenewing = false;
  let queue: Promise<unknown> = Promise.resolve();
  const rejected: string[] = [];
  const pause = createFailurePause();
  const admitDiscard = createStormLimit();

  const isBetter = (candidate: Token): boolean =>
    isFresh(candidate) &&
    !rejected.includes(candidate.value) &&
    (!slot || remainingMs(candidate) > remainingMs(slot) + SPENT_MS);

  /**
   * R5: a token that is issued again has no more life than it had; an opaque one may be given another when that is over.
   * @returns `undefined` for what is too late to send anywhere (R4): a server may issue the same token until it expires,
   * or answer when it has.
   */
  async function askOnce(): Promise<Token | undefined> {
    let token = await request();
    const restMs = token.value === latest?.value ? remainingMs(latest) + elapsedMs(token.receivedAt) : Infinity;
    const isReissue = restMs < Infinity && (restMs > 0 || token.claims.exp !== undefined);
    if (isReissue && restMs < token.lifeMs) token = createToken({ ...token, lifeMs: restMs });
    latest = token;
    return isFresh(token) && !(isReissue && remainingMs(token) < SPENT_MS) ? token : undefined;
  }

  async function ask(): Promise<Token> {
    let token = await askOnce();
    for (const since = now(); !token && elapsedMs(since) < MAX_SPENT_MS;) {
      await sleep(SPENT_MS);
      token = await askOnce();
    }
    if (token) return token;
    const message = 'The token had expired by the time that it arrived; is the token endpoint very slow?';
    throw new GraphnetAuthError('ERR_GRAPHNET_TOKEN_RESPONSE', message);
  }

  async function acquire(forGeneration: number): Promise<Token> {
    const shared = await store?.take(isBetter);
    let token = shared;
    if (!token) {
      const failure = pause.current();
      if (failure) throw failure;
      try {
        token = await ask();
      } catch (error) {
        void store?.put(undefined);
        const { code, status } = error as GraphnetAuthError;
        if (forGeneration === generation) pause.begin(error as GraphnetAuthError);
        emit({ type: 'token-failed', code, status });
        throw error;
      }
    }
    pause.reset();
    if (forGeneration === generation) {
      slot = latest = token;
      emit({ type: 'token-received', source: shared ? 'store' : 'endpoint', expiresAt: new Date(token.expiresAtMs) });
    }
    if (!shared) void store?.put(forGeneration === generation ? token : undefined);
    return token;
  }

  /** Single flight within a generation, and never two token requests at once across them. */
  const obtain = pMemoize(
    async (forGeneration: number): Promise<Token | undefined> => {
      const turn = queue.then(() => (forGeneration === generation ? acquire(forGeneration) : undefined));
      queue = turn.catch(() => undefined);
      return turn;
    },
    { cache: false },
  );

  /** R5: nobody waits for it, and nobody hears of its failure but `onEvent`. */
  function renewBehind(): void {
    if (isRenewing || pause.current()) return;
    isRenewing = true;
    const end = () => (isRenewing = false);
    obtain(generation).then(end, end);
  }

  async function get(): Promise<Token> {
    for (;;) {
      if (slot && isFresh(slot)) {
        if (isDue(slot)) renewBehind();
        return slot;
      }
      const joined = generation;
      try {
        const token = await obtain(joined);
        if (token && joined === generation) return token;
      } catch (error) {
        if (joined === generation) throw sameFailure(error as GraphnetAuthError);
      }
    }
  }

  function forget(token: Token, cause: '401' | 'invalidate'): void {
    rejected.push(token.value);
    if (rejected.length > MAX_REMEMBERED) rejected.shift();
    store?.discard(token.value);
    slot = undefined;
    emit({ type: 'token-discarded', cause });
  }

  return {
    peek: () => (slot && !isDue(slot) ? slot : undefined),
    get,
    discard(rejectedHeader) {
      if (slot?.header !== rejectedHeader) return 'not-current';
      if (!admitDiscard()) return 'storm-limit';
      generation += 1;
      forget(slot, '401');
      return 'discarded';
    },
    invalidate() {
      generation += 1;
      pause.reset();
      if (slot) forget(slot, 'invalidate');
    },
  };
}
