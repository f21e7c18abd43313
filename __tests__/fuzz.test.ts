import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { AxiosError } from 'axios';
import fc from 'fast-check';
import { inspect } from 'node:util';
import { parseTokenResponse } from '../lib/parseTokenResponse.js';
import type { Token } from '../lib/Token.js';
import { checkError, checkToken, type FuzzedAnswer, tokenAnswer } from '../scripts/tokenAnswers.js';
import { attach } from './support/attached.js';
import { jwt, startGraphnet, type Graphnet } from './support/graphnet.js';

/** Judges an answer as the package does; the life is the one that it reckons with. */
function outcomeOf({ status, body, headers }: FuzzedAnswer): string {
  const moment = { wallMs: Date.now(), monotonicMs: performance.now() };
  let token: Token;
  try {
    const answer = { status, body, dateHeader: headers.date, sentAt: moment, receivedAt: moment };
    token = parseTokenResponse(answer, 's3cret');
  } catch (error) {
    return checkError(error);
  }
  return checkToken({ ...token, expiresAt: new Date(token.expiresAtMs) });
}

describe('R24: any answer is a usable token or a GraphnetAuthError', () => {
  test('5,000 answers, judged', () => {
    const outcomes = new Map<string, number>();
    const property = fc.property(tokenAnswer(), (answer) => {
      const outcome = outcomeOf(answer);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    });
    fc.assert(property, { numRuns: 5000 });
    // Otherwise the answers would be too wild to test much.
    expect(outcomes.get('token')).toBeGreaterThan(250);
    expect(outcomes.get('ERR_GRAPHNET_TOKEN_RESPONSE')).toBeGreaterThan(500);
  });
});

describe('over HTTP', () => {
  let graphnet: Graphnet;
  afterEach(async () => {
    jest.restoreAllMocks();
    await graphnet.close();
  });

  test('R24: 300 answers; no request goes out with a header of the server’s making', async () => {
    graphnet = await startGraphnet();
    graphnet.onUnauthorized = (_, response) => void response.end('{}');
    const property = fc.asyncProperty(tokenAnswer(), async ({ status, body }) => {
      const text = typeof body === 'string' ? body : inspect(body);
      graphnet.onToken = (_, response) => void response.writeHead(status).end(text);
      graphnet.apiRequests.length = 0;
      const { api, events } = attach(graphnet, { tokenRetry: { retries: 0 } });
      const error: unknown = await api.get('/').then(() => undefined, (reason: unknown) => reason); // prettier-ignore
      // A header that is too long for the API is between the API and the caller.
      if (error instanceof AxiosError) return void expect(error.status).toBe(431);
      if (error !== undefined) {
        expect(graphnet.apiRequests).toHaveLength(0);
        return void checkError(error);
      }
      const [event] = events;
      const expiresAt = event?.type === 'token-received' ? event.expiresAt : new Date(NaN);
      const [{ headers: sent, rawHeaders }] = graphnet.apiRequests as [(typeof graphnet.apiRequests)[0]];
      const names = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
      expect(names.sort()).toEqual(['accept', 'accept-encoding', 'authorization', 'connection', 'host', 'user-agent']);
      checkToken({ header: sent.authorization!, lifeMs: 1, expiresAt });
    });
    await fc.assert(property, { numRuns: 300, interruptAfterTimeLimit: 15_000, markInterruptAsFailure: true });
  });
});

const seconds = () => Math.floor(Date.now() / 1000);
const raw = (payload: string) => `e30.${Buffer.from(payload).toString('base64url')}.x`;
const answering = (access_token: string, more = ''): FuzzedAnswer => ({
  status: 200,
  body: `{"token_type":"Bearer","access_token":"${access_token}"${more}}`,
  headers: { date: new Date().toUTCString() },
});

describe('R24: what fuzzing has found', () => {
  const MINUTES = 600;
  test.each<[string, () => object]>([
    ['exp and iat in milliseconds', () => ({ iat: Date.now(), exp: Date.now() + MINUTES * 1000 })],
    ['issued after it expires', () => ({ iat: seconds() + 2 * MINUTES, exp: seconds() + MINUTES })],
    ['an iat that overflows', () => ({ iat: 1e308, exp: seconds() + MINUTES, nbf: 0 })],
    ['times that no Date holds', () => ({ iat: 1e15, exp: 1e15 + MINUTES })],
  ])('%s', (name, claims) => {
    for (const headers of [{ date: new Date().toUTCString() }, {}]) {
      const answer = { ...answering(jwt(claims())), headers };
      const outcome = outcomeOf(answer);
      // An iat of no use leaves an exp that is.
      expect(outcome).toBe(name.includes('overflows') ? 'token' : 'ERR_GRAPHNET_TOKEN_RESPONSE');
    }
  });
});

test('R24: a Date header that no Date can add to is ignored', () => {
  const headers = { date: 'Fri, 12 Sep 275760 23:59:59 GMT' };
  expect(outcomeOf({ ...answering('opaque', ',"expires_in":2'), headers })).toBe('token');
});

describe('R24: a hostile answer changes nothing outside the token', () => {
  const exp = () => `"exp":${seconds() + 600}`;
  const pollution = '"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}';
  const nested = '['.repeat(10_000) + ']'.repeat(10_000);
  test.each<[string, () => FuzzedAnswer, 'token' | 'refused']>([
    ['__proto__ and constructor among the claims', () => answering(raw(`{${exp()},${pollution}}`)), 'token'],
    ['__proto__ and constructor in the answer', () => answering(raw(`{${exp()}}`), `,${pollution}`), 'token'],
    ['10,000 levels among the claims', () => answering(raw(`{${exp()},"deep":${nested}}`)), 'token'],
    ['10,000 levels in the answer', () => answering(raw(`{${exp()}}`), `,"deep":${nested}`), 'token'],
    ['10,000 levels for an error', () => answering(raw(`{${exp()}}`), `,"error":${nested}`), 'refused'],
    ['huge numbers', () => answering(raw(`{${exp()},"n":1e999,"iat":-1e999}`), ',"expires_in":1e999'), 'token'],
    ['an exp that is huge', () => answering(raw('{"exp":1e999}')), 'refused'],
    ['700 KB of claims', () => answering(raw(`{${exp()},"x":"${'x'.repeat(700_000)}"}`)), 'token'],
    ['claims that are no UTF-8', () => answering(`e30.${Buffer.from([0x7b, 0xff, 0xfe, 0x7d]).toString('base64url')}.x`), 'refused'],
    ['an answer that is no UTF-8', () => ({ ...answering(''), body: Buffer.from([0xff, 0xfe, 0x7b]).toString() }), 'refused'],
  ])('%s', (_, answer, expected) => {
    const outcome = outcomeOf(answer());
    expect(outcome).toBe(expected === 'token' ? 'token' : 'ERR_GRAPHNET_TOKEN_RESPONSE');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect((() => 1) as unknown as Record<string, unknown>).not.toHaveProperty('polluted');
  }); // prettier-ignore

  test('R23: a megabyte of claims is too large', async () => {
    const graphnet = await startGraphnet();
    const { body } = answering(raw(`{${exp()},"x":"${'x'.repeat(2 ** 20)}"}`));
    graphnet.onToken = (_, response) => void response.end(body);
    const error: unknown = await attach(graphnet).auth.getToken().catch((reason: unknown) => reason); // prettier-ignore
    await graphnet.close();
    expect(checkError(error)).toBe('ERR_GRAPHNET_TOKEN_RESPONSE');
  });
});
