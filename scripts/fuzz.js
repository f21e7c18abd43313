// Many arbitrary token answers through the built package: each is a usable token or a GraphnetAuthError, and nothing else.
import axios from 'axios';
import fc from 'fast-check';
import { attachGraphnetAuth } from '../dist/index.js';
import { checkError, checkToken, isLife, tokenAnswer } from './tokenAnswers.js';

const CASES = Number(process.env.GRAPHNET_FUZZ_CASES ?? 100_000);
const BATCH = 10_000;
const LIMIT_MS = 170_000;
const HANG_MS = 10_000;
const firstSeed = Number(process.env.GRAPHNET_FUZZ_SEED ?? Date.now() % 2 ** 31);

const outcomes = new Map();
let slowestMs = 0;

/** A request behind a token endpoint that answers so: the header that it is sent with, and when the token expires. */
async function request({ status, body, headers }) {
  const seen = { header: undefined, expiresAt: undefined };
  const api = axios.create({
    baseURL: 'https://api.example.org',
    adapter: async (config) => {
      seen.header = config.headers.get('Authorization');
      return { data: {}, status: 200, statusText: 'OK', headers: {}, config };
    },
  });
  attachGraphnetAuth(api, {
    clientId: 'trust-a',
    clientSecret: 's3cret',
    tokenUrl: 'https://auth.example.org/token',
    tokenRetry: { retries: 0 },
    tokenRequest: {
      adapter: async (config) => {
        const response = { data: body, status, statusText: '', headers, config };
        if (config.validateStatus(status)) return response;
        throw new axios.AxiosError('refused', 'ERR_BAD_RESPONSE', config, undefined, response);
      },
    },
    onEvent: ({ expiresAt }) => (seen.expiresAt ??= expiresAt),
  });
  await api.get('/');
  return seen;
}

function issuedAtMs(header) {
  try {
    return JSON.parse(Buffer.from(header.split('.')[1], 'base64url').toString()).iat * 1000;
  } catch {
    return NaN;
  }
}

async function outcomeOf(answer) {
  const outcome = await request(answer).catch((error) => ({ error }));
  if ('error' in outcome) return checkError(outcome.error);
  const { header, expiresAt } = outcome;
  // Milliseconds by mistake are no clock.
  const isClock = (at) => Math.abs(at) < 1e14;
  // The clocks on which the life may have been judged: the server's `Date`, its `iat`, and the local one.
  const clocks = [Date.parse(answer.headers.date ?? ''), issuedAtMs(header), Date.now()].filter(isClock);
  const lives = clocks.map((at) => expiresAt.getTime() - at);
  return checkToken({ header, lifeMs: lives.find(isLife) ?? lives[0], expiresAt });
}

async function withinTime(work) {
  let timer;
  const hang = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`hangs: no outcome within ${HANG_MS} ms`)), HANG_MS);
  });
  return Promise.race([work, hang]).finally(() => clearTimeout(timer));
}

const property = fc.asyncProperty(tokenAnswer(), async (answer) => {
  const startedAt = performance.now();
  const outcome = await withinTime(outcomeOf(answer));
  slowestMs = Math.max(slowestMs, performance.now() - startedAt);
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
});

const rejections = [];
process.on('unhandledRejection', (reason) => rejections.push(reason));

const startedAt = performance.now();
let done = 0;
let failed;

async function runBatch(numRuns, seed) {
  const details = await fc.check(property, { numRuns, seed, endOnFailure: true, interruptAfterTimeLimit: LIMIT_MS });
  done += details.numRuns;
  if (details.failed) failed = `${fc.defaultReportMessage(details)}\n${String(details.errorInstance?.stack)}`;
}

// Side by side, for in some cases the package waits a moment for a token that is not spent.
const batches = [];
for (let first = 0; first < CASES; first += BATCH) {
  batches.push(runBatch(Math.min(BATCH, CASES - first), firstSeed + first));
}
await Promise.all(batches);
const seconds = (performance.now() - startedAt) / 1000;
const spread = [...outcomes].sort(([, a], [, b]) => b - a).map(([outcome, count]) => `${outcome} ${count}`);
console.log(`fuzz: ${done} cases in ${seconds.toFixed(1)} s, seed ${firstSeed}; slowest ${slowestMs.toFixed(1)} ms`);
console.log(`outcomes: ${spread.join(', ')}`);
if (failed) console.error(failed);
if (rejections.length > 0) console.error('unhandled rejections:', rejections.length, rejections[0]);
if (done < CASES && !failed) console.error(`only ${done} of ${CASES} cases within ${LIMIT_MS / 1000} s`);
process.exitCode = failed || rejections.length > 0 || done < CASES ? 1 : 0;
