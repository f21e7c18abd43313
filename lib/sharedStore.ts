import { randomUUID } from 'node:crypto';
import { elapsedMs, now, sleep } from './clock.js';
import type { Emit } from './emit.js';
import type { ResolvedOptions } from './resolveOptions.js';
import { keyOf, parseEntry, serialize } from './storeEntry.js';
import { remainingMs, type Token } from './Token.js';
import type { GraphnetTokenStore } from './types.js';

const MAX_WAIT_MS = 250;
const LEASE_MS = 2000;
const POLL_MS = 50;
const LEASE_PREFIX = 'lease:';

/** Long enough for others to have taken the lease meanwhile, short enough for a second look to cost next to nothing. */
const isWorthASecondLook = (tookMs: number) => tookMs > 3 && tookMs < 50;

type Operation = 'get' | 'set' | 'delete';

/** What a process brings to the store when it looks for a token. */
interface Turn {
  /** Whether it would ask the token endpoint, should it be its turn. */
  readonly mayAsk: boolean;
  readonly abandoned: AbortSignal;
}

const isPresent = (value: unknown) => value !== undefined && value !== null;

/** The app's store as the token source sees it: bounded in time, and without failures (R27). */
export function createSharedStore(store: GraphnetTokenStore, options: ResolvedOptions, emit: Emit) {
  const key = keyOf(options);
  const leaseKey = `${key}:lease`;
  const self = LEASE_PREFIX + randomUUID();
  let reported: unknown;
  let removal: Promise<unknown> = Promise.resolve(true);

  /** @returns `undefined` where the store failed, or has not done within 250 ms all that it was to do. */
  async function attempt<T>(work: (at: (operation: Operation) => GraphnetTokenStore) => Promise<T>) {
    let timer: NodeJS.Timeout | undefined;
    let current: Operation = 'get';
    const at = (operation: Operation) => {
      current = operation;
      return store;
    };
    const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), MAX_WAIT_MS)));
    const failed = (reason: 'error' | 'timeout') => void emit({ type: 'store-failed', operation: current, reason });
    return Promise.race([work(at).then((value) => ({ value })), late])
      .finally(() => clearTimeout(timer))
      .then(
        (outcome) => outcome ?? failed('timeout'),
        () => failed('error'),
      );
  }

  function read(entry: unknown): Token | undefined {
    const token = parseEntry(entry);
    if (!token && isPresent(entry) && entry !== reported) {
      reported = entry;
      emit({ type: 'store-failed', operation: 'get', reason: 'corrupt' });
    }
    return token;
  }

  /** The token that is there, or else whose turn it is to ask for one. */
  const look = (isAcceptable: (token: Token) => boolean, mayAsk: boolean) =>
    attempt(async (at) => {
      const since = now();
      for (let isSecond = false; ; isSecond = true) {
        const startedAt = now();
        const [entry, lease] = await Promise.all([key, leaseKey].map(async (name) => at('get').get(name)));
        const token = read(entry);
        if (token && isAcceptable(token)) return { token };
        if (!mayAsk || isPresent(lease)) return { lease };
        if (isSecond || !isWorthASecondLook(elapsedMs(startedAt))) break;
      }
      // Nobody waits for this look any more: a lease would be left behind.
      if (elapsedMs(since) >= MAX_WAIT_MS) return {};
      await at('set').set(leaseKey, self, LEASE_MS);
      const lease = await at('get').get(leaseKey);
      if (!isPresent(lease)) emit({ type: 'store-failed', operation: 'set', reason: 'not-kept' });
      return { lease };
    });

  return {
    /**
     * A token that another process has put there, or `undefined` when it is this process's turn to ask for one.
     * The lease in the store is no lock, but it leaves one round trip to the store in which two processes can take
     * it at once, instead of the whole duration of a token request.
     */
    async take(isAcceptable: (token: Token) => boolean, { mayAsk, abandoned }: Turn): Promise<Token | undefined> {
      const removed = removal;
      removal = Promise.resolve(true);
      // A store that has just failed is not waited for again.
      if (!(await removed)) return undefined;
      const since = now();
      for (;;) {
        const { token, lease } = (await look(isAcceptable, mayAsk))?.value ?? {};
        const isAnothers = typeof lease === 'string' && lease.startsWith(LEASE_PREFIX) && lease !== self;
        const isWorthWaiting = mayAsk && isAnothers && !abandoned.aborted && elapsedMs(since) <= LEASE_MS;
        if (token || !isWorthWaiting) return token;
        await sleep(POLL_MS);
      }
    },

    /** Ends this process's turn; `token` is what came of it. */
    async put(token: Token | undefined): Promise<void> {
      const ttlMs = token ? Math.floor(remainingMs(token)) : 0;
      if (token && ttlMs > 0) await attempt(async (at) => at('set').set(key, serialize(token), ttlMs));
      // It may have lapsed, and be another process's by now.
      await attempt(async (at) => {
        if ((await at('get').get(leaseKey)) === self) await at('delete').delete(leaseKey);
      });
    },

    /** R31: takes a rejected token out, unless another process has replaced it already. */
    discard(rejected: string): void {
      removal = attempt(async (at) => {
        if (parseEntry(await at('get').get(key))?.value === rejected) await at('delete').delete(key);
      });
    },
  };
}

export type SharedStore = ReturnType<typeof createSharedStore>;
