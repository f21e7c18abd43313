import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { GraphnetAuthError } from '../lib/GraphnetAuthError.js';
import type { Token } from '../lib/Token.js';
import { createTokenSource, type TokenSource } from '../lib/tokenSource.js';
import { Model, ScriptedServer } from './support/model.js';
import { deferred, fakeClock, numberOf, settle, type FakeClock } from './support/schedule.js';

let clock: FakeClock;
beforeEach(() => {
  clock = fakeClock();
});
afterEach(() => {
  jest.restoreAllMocks();
});

interface Outcome {
  token?: Token;
  error?: unknown;
  /** When the caller was answered: a timer that fires later moves the clock. */
  atMs: number;
}

interface Real {
  readonly source: TokenSource;
  readonly server: ScriptedServer;
  readonly headers: string[];
  /** Callers that wait for a token. */
  waiting: Outcome[];
}

/** Lets answers come, and the few short sleeps between one and the next. */
async function rest({ server }: Real): Promise<void> {
  for (let asks = -1; asks !== server.asks.length;) {
    asks = server.asks.length;
    await settle();
    await settle();
  }
}

/** R4: whatever happens, nobody is given a token that is past its end. */
function takes(outcome: Outcome, { server, headers }: Real, n: number | undefined): void {
  if (n === undefined) return assert(!outcome.token && outcome.error instanceof GraphnetAuthError);
  assert.equal(outcome.token && numberOf(outcome.token), n);
  const issue = server.asks.find((ask) => ask.n === n)!;
  assert(outcome.atMs < issue.expiresMs, 'a token past its end');
  headers.push(outcome.token!.header);
}

function call({ source }: Real): Outcome {
  const outcome: Outcome = { atMs: NaN };
  source.get().then(
    (token) => Object.assign(outcome, { token, atMs: Date.now() }),
    (error: unknown) => (outcome.error = error),
  );
  return outcome;
}

/** Whoever waits asks at once when the token request that they wait for is abandoned. */
function askAgain(model: Model, real: Real): void {
  if (!model.flight && real.waiting.length > 0) model.begin();
}

/** What is no longer held comes to its end. */
function land(model: Model, real: Real): void {
  if (real.server.held || !model.flight) return;
  model.land();
  for (const outcome of real.waiting.splice(0))
    takes(outcome, real, model.state === 'none' ? undefined : model.token!.n);
}

async function get(model: Model, real: Real, callers: number): Promise<void> {
  const { state } = model;
  const n = model.token?.n;
  const mayAsk = state !== 'good' && !model.flight && !model.isPausing;
  const isRefused = state === 'none' && !model.flight && model.isPausing;
  const outcomes = Array.from({ length: callers }, () => call(real));
  if (mayAsk) model.begin();
  await rest(real);
  if (isRefused) for (const outcome of outcomes) takes(outcome, real, undefined);
  // R5: nobody waits for the renewal of a token that is still good.
  else if (state !== 'none') for (const outcome of outcomes) takes(outcome, real, n);
  else real.waiting.push(...outcomes);
  land(model, real);
}

type Command = fc.AsyncCommand<Model, Real>;

/** A command, and after it what must always hold. */
const command = (name: string, run: (model: Model, real: Real) => unknown): Command => ({
  check: () => true,
  toString: () => name,
  async run(model, real) {
    await run(model, real);
    await rest(real);
    assert.equal(real.server.asks.length, model.asks, 'token requests');
    assert.equal(
      real.source.peek()?.value,
      model.state === 'good' ? `token-${model.token!.n}` : undefined,
      'the token at hand',
    );
  },
});

const discard = (model: Model, real: Real, header: string | undefined) => {
  const { source } = real;
  if (header === undefined) return;
  const isCurrent = model.token !== undefined && header === `Bearer token-${model.token.n}`;
  const expected = !isCurrent ? 'not-current' : model.discard() ? 'discarded' : 'storm-limit';
  assert.equal(source.discard(header), expected);
  askAgain(model, real);
};

const COMMANDS: [number, fc.Arbitrary<Command>][] = [
  [6, fc.constant(command('Get', (model, real) => get(model, real, 1)))],
  [2, fc.constant(command('GetMany', (model, real) => get(model, real, 5)))],
  [4, fc.constantFrom(100, 600, 1050, 2050, 4100, 10_000, 31_000, 61_000).map((ms) => command(`Advance(${ms} ms)`, () => (clock.ms += ms)))],
  [4, fc.constantFrom(0.3, 0.79, 0.81, 0.85, 0.91, 1).map((share) => command(`Advance(${share} of a life)`, (_, { server }) => (clock.ms += server.lifeMs * share)))],
  [3, fc.constant(command('DiscardCurrent', (model, real) => discard(model, real, model.token && `Bearer token-${model.token.n}`)))],
  [1, fc.nat().map((index) => command('DiscardOld', (model, real) => discard(model, real, real.headers[index % (real.headers.length || 1)])))],
  [2, fc.constant(command('Invalidate', (model, real) => (real.source.invalidate(), model.invalidate(), askAgain(model, real))))],
  [2, fc.integer({ min: 1, max: 6 }).map((n) => command(`ServerFails(${n})`, (_, { server }) => (server.failsNext = n)))],
  [2, fc.constantFrom('never', 'with the rest of its life', 'as if new').map((again) => command(`ServerReissues(${again})`, (_, { server }) => (server.again = again)))],
  [1, fc.constant(command('Outage', outage))],
  [1, fc.constant(command('Storm', storm))],
  [1, fc.constant(command('ServerRevokes', (_, { server }) => server.revoke()))],
  [2, fc.constant(command('ServerHolds', (_, { server }) => (server.held ??= deferred())))],
  [2, fc.constant(command('ServerAnswers', release))],
]; // prettier-ignore

/** Long enough for the longest pause. */
async function outage(model: Model, real: Real): Promise<void> {
  for (let failures = 0; failures < 7; failures++) {
    real.server.failsNext = 1;
    await get(model, real, 1);
    clock.ms += 30_100;
  }
  real.server.failsNext = 0;
}

async function storm(model: Model, real: Real): Promise<void> {
  for (let rejections = 0; rejections < 7; rejections++) {
    await get(model, real, 1);
    discard(model, real, model.token && `Bearer token-${model.token.n}`);
  }
}

async function release(model: Model, real: Real): Promise<void> {
  real.server.held?.resolve();
  real.server.held = undefined;
  await rest(real);
  land(model, real);
}

describe('R2, R4, R5, R9, R25, R26: the token source against a model of server and clock', () => {
  test('3,000 scripts: who gets which token, and when the server is asked', async () => {
    const commands = fc.commands(COMMANDS.map(([weight, arbitrary]) => Array(weight).fill(arbitrary) as typeof arbitrary[]).flat(), { maxCommands: 40, size: 'max' }); // prettier-ignore
    const lives = fc.constantFrom(3_000, 100_000, 3_600_000, 40 * 24 * 3_600_000);
    const property = fc.asyncProperty(lives, commands, async (lifeMs, script) => {
      const server = new ScriptedServer(lifeMs);
      const model = new Model(server);
      const real: Real = {
        source: createTokenSource(server.request, () => undefined),
        server,
        headers: [],
        waiting: [],
      };
      await fc.asyncModelRun(() => ({ model, real }), script);
      await release(model, real);
      expect(real.waiting).toEqual([]);
    });
    await fc.assert(property, { numRuns: 3000 });
  }, 60_000);
});
