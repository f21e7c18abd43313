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
    takes(outcome, real, model.state === 'none' ? model.lastResort : model.token!.n);
}

async function get(model: Model, real: Real, callers: number): Promise<void> {
  const { state } = model;
  const n = model.token?.n;
  const mayAsk = state !== 'good' && !model.flight && !model.isPausing;
  const isRefused = state === 'none' && !model.flight && model.isPausing;
  const outcomes = Array.from({ length: callers }, () => call(real));
  if (mayAsk) model.begin();
  await rest(real);
  if (isRefused) for (const outcome of outcomes) takes(outcome, real, model.lastResort);
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
      real.source.peek(Date.now())?.value,
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

const COMMANDS = {
  get: () => command('Get', (model, real) => get(model, real, 1)),
  getMany: () => command('GetMany', (model, real) => get(model, real, 5)),
  advance: (ms: number) => command(`Advance(${ms} ms)`, () => (clock.ms += ms)),
  advanceLife: (share: number) => command(`Advance(${share} of a life)`, (_, { server }) => (clock.ms += server.lifeMs * share)),
  discardCurrent: () => command('DiscardCurrent', (model, real) => discard(model, real, model.token && `Bearer token-${model.token.n}`)),
  discardOld: (index: number) => command('DiscardOld', (model, real) => discard(model, real, real.headers[index % (real.headers.length || 1)])),
  invalidate: () => command('Invalidate', (model, real) => (real.source.invalidate(), model.invalidate(), askAgain(model, real))),
  serverFails: (times: number) => command(`ServerFails(${times})`, (_, { server }) => (server.failsNext = times)),
  serverReissues: (again: ScriptedServer['again']) => command(`ServerReissues(${again})`, (_, { server }) => (server.again = again)),
  serverRevokes: () => command('ServerRevokes', (_, { server }) => server.revoke()),
  serverHolds: () => command('ServerHolds', (_, { server }) => (server.held ??= deferred())),
  serverAnswers: () => command('ServerAnswers', release),
  outage: () => command('Outage', outage),
  storm: () => command('Storm', storm),
}; // prettier-ignore

const { get: one, getMany, advance, advanceLife, discardCurrent, discardOld, invalidate, serverFails, serverReissues, serverRevokes, serverHolds, serverAnswers } = COMMANDS; // prettier-ignore

const ARBITRARIES: [weight: number, arbitrary: fc.Arbitrary<Command>][] = [
  [6, fc.constant(0).map(one)],
  [2, fc.constant(0).map(getMany)],
  [4, fc.constantFrom(100, 600, 1050, 2050, 4100, 10_000, 31_000, 61_000).map(advance)],
  [4, fc.constantFrom(0.3, 0.79, 0.81, 0.85, 0.91, 1).map(advanceLife)],
  [3, fc.constant(0).map(discardCurrent)],
  [1, fc.nat().map(discardOld)],
  [2, fc.constant(0).map(invalidate)],
  [2, fc.integer({ min: 1, max: 6 }).map(serverFails)],
  [
    2,
    fc.constantFrom<ScriptedServer['again'][]>('never', 'with the rest of its life', 'as if new').map(serverReissues),
  ],
  [1, fc.constant(0).map(COMMANDS.outage)],
  [1, fc.constant(0).map(COMMANDS.storm)],
  [1, fc.constant(0).map(serverRevokes)],
  [2, fc.constant(0).map(serverHolds)],
  [2, fc.constant(0).map(serverAnswers)],
];

/** Scripts that once failed, by what was wrong: with the package, or with the model. */
const COUNTEREXAMPLES: Record<string, Command[]> = {
  'a renewal asks again while the clock moves past the token that its callers were given': [
    getMany(), advance(100), advanceLife(0.91), serverReissues('as if new'), getMany(),
  ],
  'who waits for a token request that is abandoned asks again': [
    serverHolds(), one(), advanceLife(1), invalidate(), serverAnswers(),
  ],
  'a discarded token is known when it is issued again': [
    getMany(), serverReissues('with the rest of its life'), advance(600), advanceLife(0.79), discardCurrent(), one(),
  ],
  'a token that nobody received is not issued again': [
    one(), advanceLife(0.79), serverHolds(), advanceLife(0.3), serverReissues('as if new'), one(), advanceLife(0.3), discardCurrent(), advanceLife(0.81),
  ],
}; // prettier-ignore

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

async function runScript(lifeMs: number, script: Iterable<Command>): Promise<void> {
  // The spies of the clock remember every call.
  jest.clearAllMocks();
  const server = new ScriptedServer(lifeMs);
  const model = new Model(server);
  const source = createTokenSource(server.request, () => undefined);
  const real: Real = { source, server, headers: [], waiting: [] };
  await fc.asyncModelRun(() => ({ model, real }), script);
  await release(model, real);
  expect(real.waiting).toEqual([]);
}

describe('R2, R4, R5, R9, R25, R26: the token source against a model of server and clock', () => {
  test('3,000 scripts: who gets which token, and when the server is asked', async () => {
    const weighted = ARBITRARIES.flatMap(([weight, arbitrary]) => Array<fc.Arbitrary<Command>>(weight).fill(arbitrary));
    const scripts = fc.commands(weighted, { maxCommands: 40, size: 'max' });
    const lives = fc.constantFrom(3_000, 100_000, 3_600_000, 40 * 24 * 3_600_000);
    await fc.assert(fc.asyncProperty(lives, scripts, runScript), { numRuns: 3000 });
  }, 300_000);

  test.each(Object.entries(COUNTEREXAMPLES))('%s', (_, script) => runScript(3_000, script));
});
