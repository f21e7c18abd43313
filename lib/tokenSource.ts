import pMemoize from 'p-memoize';
import { askForToken, type TokenRequest } from './askForToken.js';
import { isPast, type Moment } from './clock.js';
import type { Emit } from './emit.js';
import { createFailurePause } from './failurePause.js';
import { GraphnetAuthError } from './GraphnetAuthError.js';
import type { SharedStore } from './sharedStore.js';
import { createStormLimit } from './stormLimit.js';
import { dueAt, isAlive, isFresh, remainingMs, type Token } from './Token.js';

/** How far the clocks of two processes may disagree. */
const CLOCK_TOLERANCE_MS = 250;
const MAX_REMEMBERED = 10;

export type DiscardOutcome = 'discarded' | 'not-current' | 'storm-limit';

export interface TokenSource {
  /**
   * The current token if there is nothing to wait for and nothing to start.
   *
   * @param nowMs the wall clock, which is dear enough to be read once per request.
   */
  peek(nowMs: number): Token | undefined;
  get(): Promise<Token>;
  /** R6: discards a token that the API has rejected, if it is still the current one and R9 permits. */
  discard(rejectedHeader: string): DiscardOutcome;
  invalidate(): void;
  /** The API has accepted the token of a request that was sent at this time: of interest where there is a store. */
  readonly noteAccepted: ((sentAtMs: number) => void) | undefined;
}

/** Everybody gets an error of their own: axios writes to the stack of what it rethrows. */
const sameFailure = ({ code, message, ...details }: GraphnetAuthError) => new GraphnetAuthError(code, message, details);

/**
 * The one place where a token is kept. A generation ends whenever a token is discarded: only callers of the same
 * generation share a token request, and that of a past generation is abandoned: its answer would be thrown away.
 */
export function createTokenSource(request: TokenRequest, emit: Emit, store?: SharedStore): TokenSource {
  let slot: Token | undefined;
  let latest: Token | undefined;
  /** When the last request whose token the API has accepted was sent. */
  let acceptedAtMs = 0;
  /** When the renewal of the token in the slot is due; means nothing without one. */
  let due: Moment;
  let generation = new AbortController();
  let queue: Promise<unknown> = Promise.resolve();
  const rejected: string[] = [];
  const callersPause = createFailurePause();
  const renewalsPause = createFailurePause();
  const stormLimit = createStormLimit();
  /** A 401 has discarded a token, and no other has been asked for yet. */
  let isOwedTo401 = false;

  /** R25: what fails behind callers that have a token is no reason to let them wait when they no longer have one. */
  const pauseInForce = () => (slot && isFresh(slot) ? renewalsPause : callersPause);

  function endPauses(): void {
    callersPause.reset();
    renewalsPause.reset();
  }

  /** R31: what another process had while ours was still accepted may have been revoked along with ours. */
  const isBetter = (candidate: Token): boolean =>
    isFresh(candidate) &&
    !rejected.includes(candidate.value) &&
    (slot
      ? remainingMs(candidate) > remainingMs(slot) + CLOCK_TOLERANCE_MS
      : candidate.requestedAt.wallMs > acceptedAtMs - CLOCK_TOLERANCE_MS);

  function fail(error: GraphnetAuthError): never {
    const { code, status } = error;
    pauseInForce().begin(error);
    emit({ type: 'token-failed', code, status });
    throw error;
  }

  function keep(token: Token, origin: 'endpoint' | 'store'): Token {
    endPauses();
    slot = latest = token;
    // R30: each process of a fleet renews at a point of its own.
    due = dueAt(token, store ? Math.random() : 0);
    isOwedTo401 = false;
    emit({ type: 'token-received', source: origin, expiresAt: new Date(token.expiresAtMs) });
    return token;
  }

  /** R9: what a 401 has caused is counted when it is over, for its last try may have been sent no sooner. */
  async function ask(abandoned: AbortSignal): Promise<Token> {
    const isCausedBy401 = isOwedTo401;
    isOwedTo401 = false;
    try {
      return await askForToken(request, latest, abandoned);
    } finally {
      if (isCausedBy401) stormLimit.count();
    }
  }

  /** R30: the store first, then the token endpoint. `undefined` when abandoned. */
  async function acquire(abandoned: AbortSignal): Promise<Token | undefined> {
    const failure = pauseInForce().current();
    const shared = await store?.take(isBetter, { mayAsk: !failure, abandoned });
    if (shared && !abandoned.aborted) return keep(shared, 'store');
    if (failure && !abandoned.aborted) throw failure;
    let token: Token | undefined;
    try {
      if (!abandoned.aborted) token = await ask(abandoned);
      if (token && !abandoned.aborted) return keep(token, 'endpoint');
    } catch (error) {
      if (!abandoned.aborted) fail(error as GraphnetAuthError);
    } finally {
      void store?.put(abandoned.aborted ? undefined : token);
    }
    return undefined;
  }

  /** Single flight within a generation, and never two token requests at once across them. */
  const obtain = pMemoize(
    async (abandoned: AbortSignal): Promise<Token | undefined> => {
      const turn = queue.then(() => acquire(abandoned));
      queue = turn.catch(() => undefined);
      return turn;
    },
    { cache: false },
  );

  /** R5: nobody waits for it, and nobody hears of its failure but `onEvent`. */
  function renewBehind(): void {
    if (!renewalsPause.current()) obtain(generation.signal).catch(() => undefined);
  }

  async function get(): Promise<Token> {
    for (;;) {
      if (slot && isFresh(slot)) {
        if (isPast(due)) renewBehind();
        return slot;
      }
      const { signal } = generation;
      try {
        const token = await obtain(signal);
        if (token && !signal.aborted) return token;
      } catch (error) {
        // R5: until it expires, the old token is better than none.
        if (slot && isAlive(slot)) return slot;
        throw sameFailure(error as GraphnetAuthError);
      }
    }
  }

  function startGeneration(cause: '401' | 'invalidate'): void {
    generation.abort();
    generation = new AbortController();
    if (!slot) return;
    rejected.push(slot.value);
    if (rejected.length > MAX_REMEMBERED) rejected.shift();
    store?.discard(slot.value);
    slot = undefined;
    emit({ type: 'token-discarded', cause });
  }

  return {
    peek: (nowMs) => (slot && !isPast(due, nowMs) ? slot : undefined),
    get,
    discard(rejectedHeader) {
      if (slot?.header !== rejectedHeader) return 'not-current';
      if (!stormLimit.admits()) return 'storm-limit';
      isOwedTo401 = true;
      startGeneration('401');
      return 'discarded';
    },
    invalidate() {
      endPauses();
      startGeneration('invalidate');
    },
    noteAccepted:
      store &&
      ((sentAtMs) => {
        acceptedAtMs = Math.max(acceptedAtMs, sentAtMs);
      }),
  };
}
