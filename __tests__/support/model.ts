import assert from 'node:assert/strict';
import { GraphnetAuthError } from '../../lib/GraphnetAuthError.js';
import type { Token } from '../../lib/Token.js';
import { deferred, leaving, numberedToken } from './schedule.js';

/** One token request, as the server remembers it; without `n` it failed. */
export interface Ask {
  readonly n: number | undefined;
  readonly sentMs: number;
  /** What the answer says, and what is true: a server may claim a whole life for a token that it issues again. */
  readonly claimedMs: number;
  readonly expiresMs: number;
  answeredMs: number;
}

/** A token endpoint that a script plays on. */
export class ScriptedServer {
  readonly asks: Ask[] = [];
  inFlight = 0;
  failsNext = 0;
  again: 'never' | 'with the rest of its life' | 'as if new' = 'never';
  held: ReturnType<typeof deferred<void>> | undefined;
  private issued = 0;
  private currentExpiresMs = -Infinity;

  constructor(readonly lifeMs: number) {}

  readonly request = async (abandoned: AbortSignal): Promise<Token> => {
    this.inFlight += 1;
    assert.equal(this.inFlight, 1, 'R2: token requests in flight');
    const fails = this.failsNext > 0;
    if (fails) this.failsNext -= 1;
    const nowMs = Date.now();
    const reissues = this.again !== 'never' && nowMs < this.currentExpiresMs;
    if (!fails && !reissues) {
      this.issued += 1;
      this.currentExpiresMs = nowMs + this.lifeMs;
    }
    const restMs = this.currentExpiresMs - nowMs;
    const claimedMs = this.again === 'as if new' ? this.lifeMs : restMs;
    const n = fails ? undefined : this.issued;
    const ask = { n, sentMs: nowMs, claimedMs, expiresMs: this.currentExpiresMs, answeredMs: nowMs };
    this.asks.push(ask);
    const token = numberedToken(this.issued, claimedMs);
    if (this.held) await leaving(this.held.promise, abandoned);
    ask.answeredMs = Date.now();
    this.inFlight -= 1;
    if (abandoned.aborted) {
      // Nobody knows this token, so nobody could tell that it is issued again as if new.
      this.revoke();
      throw new Error('nobody is to see this');
    }
    if (fails) throw new GraphnetAuthError('ERR_GRAPHNET_TOKEN_REQUEST', 'outage', { status: 503 });
    return token;
  };

  /** A revoked token is not issued again. */
  revoke(): void {
    this.currentExpiresMs = -Infinity;
  }
}

const MIN_LIFE_MS = 250;
const MAX_SPENT_MS = 1500;
const windowMs = (lifeMs: number) => Math.min(lifeMs * 0.2, 300_000);
const marginMs = (lifeMs: number) => Math.min(lifeMs * 0.05, 10_000);
const lastMarginMs = (lifeMs: number) => Math.min(lifeMs * 0.05, 1000);

interface Held {
  readonly n: number;
  readonly sinceMs: number;
  readonly lifeMs: number;
}

/** What the contract makes of the same script: at any time, who may use which token, and who may ask for one. */
export class Model {
  token: Held | undefined;
  /** The token request under way, by the first of its asks. */
  flight: { from: number; isCausedBy401: boolean } | undefined;
  /** Of callers that have no token, and of renewals behind those that have one. */
  private pauses: Partial<Record<'callers' | 'renewals', { sinceMs: number; ms: number }>> = {};
  private lastN: number | undefined;
  /** R9: when the token requests that 401s have caused were over. */
  private causedBy401: number[] = [];
  private isOwedTo401 = false;

  constructor(private readonly server: ScriptedServer) {}

  /** How many of the server's asks the contract accounts for. */
  asks = 0;

  get state(): 'good' | 'due' | 'none' {
    const { token } = this;
    if (!token) return 'none';
    const ageMs = Date.now() - token.sinceMs;
    if (token.lifeMs - ageMs <= marginMs(token.lifeMs)) return 'none';
    return ageMs >= token.lifeMs - windowMs(token.lifeMs) ? 'due' : 'good';
  }

  /** R5: the token of whoever can get no other. */
  get lastResort(): number | undefined {
    const { token } = this;
    return token && token.sinceMs + token.lifeMs - Date.now() > lastMarginMs(token.lifeMs) ? token.n : undefined;
  }

  private get whoPauses(): 'callers' | 'renewals' {
    return this.state === 'none' ? 'callers' : 'renewals';
  }

  get isPausing(): boolean {
    const pause = this.pauses[this.whoPauses];
    return pause !== undefined && Date.now() - pause.sinceMs < pause.ms;
  }

  /** R5, R25: the next token request may begin. */
  begin(): void {
    this.flight = { from: this.asks, isCausedBy401: this.isOwedTo401 };
    this.isOwedTo401 = false;
    this.asks += 1;
  }

  /** The answer to the token request under way has come. */
  land(): void {
    const { from } = this.flight!;
    this.end();
    const first = this.server.asks[from]!;
    let ask = first;
    let token = this.read(ask);
    // R5: what is spent is asked for again, for a while.
    for (let tries = 1, known = this.lastN; token && this.isSpent(token, known, ask); tries++) {
      if (ask.answeredMs - first.answeredMs >= MAX_SPENT_MS) {
        token = undefined;
        break;
      }
      known = token.n;
      ask = this.server.asks[from + tries]!;
      assert(ask, 'R4, R5: a spent token is asked for again');
      this.asks += 1;
      token = this.read(ask);
    }
    if (token) {
      this.pauses = {};
      this.isOwedTo401 = false;
      this.token = token;
      this.lastN = token.n;
    } else {
      const earlier = this.pauses[this.whoPauses];
      this.pauses[this.whoPauses] = { sinceMs: Date.now(), ms: earlier ? Math.min(earlier.ms * 2, 30_000) : 1000 };
    }
  }

  /** R9. @returns whether the 401 discards. */
  discard(): boolean {
    const nowMs = Date.now();
    this.causedBy401 = this.causedBy401.filter((ms) => nowMs - ms <= 60_000);
    if (this.causedBy401.length >= 5) return false;
    this.isOwedTo401 = true;
    this.forget();
    return true;
  }

  invalidate(): void {
    this.pauses = {};
    this.forget();
  }

  /** A token request under way is abandoned. */
  private forget(): void {
    this.token = undefined;
    this.end();
  }

  private end(): void {
    if (this.flight?.isCausedBy401) this.causedBy401.push(Date.now());
    this.flight = undefined;
  }

  private read({ n, sentMs, claimedMs, expiresMs }: Ask): Held | undefined {
    return n === undefined ? undefined : { n, sinceMs: sentMs, lifeMs: Math.min(claimedMs, expiresMs - sentMs) };
  }

  private isSpent({ n, sinceMs, lifeMs }: Held, known: number | undefined, { answeredMs }: Ask): boolean {
    const restMs = sinceMs + lifeMs - answeredMs;
    return restMs <= marginMs(lifeMs) || (n === known && restMs < MIN_LIFE_MS);
  }
}
