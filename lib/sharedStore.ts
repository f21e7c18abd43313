import { createHash, randomUUID } from 'node:crypto';
import { elapsedMs, now, sleep } from './clock.js';
import type { Emit } from './GraphnetAuthEvent.js';
import { decodeClaims, isBearerToken, parseObject } from './parseTokenResponse.js';
import type { ResolvedOptions } from './resolveOptions.js';
import { createToken, MAX_LIFE_MS, remainingMs, type Token } from './Token.js';
import type { GraphnetTokenStore } from './types.js';

const MAX_WAIT_MS = 250;
const CLAIM_MS = 2000;
const POLL_MS = 50;
const CLOCK_TOLERANCE_MS = 1000;

const CLAIM = /^claim:[\da-f-]{36}$/;

type Operation = 'get' | 'set' | 'delete';

/** R32: names neither secret nor id in clear. */
function keyOf({ tokenUrl, clientId }: ResolvedOptions): string {
  const digest = createHash('sha256').update(`${tokenUrl.href}\n${clientId}`).digest('base64url');
  return `axios-graphnet-auth:${digest}`;
}

/** The life is kept as judged by the process that received the token: that one knew the server's clock. */
function serialize({ value, expiresAtMs, receivedAt, lifeMs }: Token): string {
  return JSON.stringify({ value, expiresAtMs, receivedAtMs: receivedAt.wallMs, lifeMs });
}

const isTime = (value: unknown): value is number =>
  typeof value === 'number' && !Number.isNaN(new Date(value).getTime());
const isLife = (value: unknown): value is number => isTime(value) && value > 0 && value <= MAX_LIFE_MS;

/** R32: `undefined` for anything but an entry as `serialize` makes it. */
function parse(entry: unknown): Token | undefined {
  const { value, expiresAtMs, receivedAtMs, lifeMs } = parseObject(entry) ?? {};
  if (!isBearerToken(value) || !isLife(lifeMs) || !isTime(expiresAtMs) || !isTime(receivedAtMs)) return undefined;
  const wallMs = Date.now();
  // R4: of an entry from the future it cannot be told how old it is.
  if (receivedAtMs > wallMs + CLOCK_TOLERANCE_MS) return undefined;
  const ageMs = Math.max(0, wallMs - receivedAtMs);
  const receivedAt = { wallMs: wallMs - ageMs, monotonicMs: performance.now() - ageMs };
  return createToken({
    value,
    claims: decodeClaims(value) ?? {},
    expiresAtMs,
    receivedAt,
    lifeMs,
    spread: Math.random(),
  });
}

/** The app's store as the token source sees it: bounded in time, and without failures (R27). */
export function createSharedStore(store: GraphnetTokenStore, options: ResolvedOptions, emit: Emit) {
  const key = keyOf(options);
  const claimKey = `${key}:claim`;
  const self = `claim:${randomUUID()}`;
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
    const token = parse(entry);
    if (!token && entry !== undefined && entry !== null) {
      emit({ type: 'store-failed', operation: 'get', reason: 'corrupt' });
    }
    return token;
  }

  /** The token that is there, or else whose turn it is. */
  const look = (isAcceptable: (token: Token) => boolean) =>
    attempt(async (at) => {
      const [entry, claim] = await Promise.all([at('get').get(key), store.get(claimKey)]);
      const token = read(entry);
      if (token && isAcceptable(token)) return { token };
      if (claim !== undefined && claim !== null) return { claim };
      await at('set').set(claimKey, self, CLAIM_MS);
      return { claim: await at('get').get(claimKey) };
    });

  return {
    /**
     * A token that another process has put there, or `undefined` when it is this process's turn to ask for one.
     * Processes claim the turn in the store; it is no lock, but it leaves one round trip to the store in which
     * two can claim it at once, instead of the whole duration of a token request.
     */
    async take(isAcceptable: (token: Token) => boolean): Promise<Token | undefined> {
      const hasRemoved = await removal;
      removal = Promise.resolve(true);
      if (!hasRemoved) return undefined;
      const since = now();
      for (;;) {
        const { token, claim } = (await look(isAcceptable))?.value ?? {};
        const isAnothers = typeof claim === 'string' && CLAIM.test(claim) && claim !== self;
        if (token || !isAnothers || elapsedMs(since) > CLAIM_MS) return token;
        await sleep(POLL_MS);
      }
    },

    /** Ends this process's turn; `token` is what came of it. */
    async put(token: Token | undefined): Promise<void> {
      await attempt(async (at) => {
        const ttlMs = token && Math.floor(remainingMs(token));
        if (token && ttlMs! > 0) await at('set').set(key, serialize(token), ttlMs!);
        await at('delete').delete(claimKey);
      });
    },

    /** R31: takes a rejected token out, unless another process has replaced it already. */
    discard(rejected: string): void {
      removal = attempt(async (at) => {
        if (parse(await at('get').get(key))?.value === rejected) await at('delete').delete(key);
      });
    },
  };
}

export type SharedStore = ReturnType<typeof createSharedStore>;
