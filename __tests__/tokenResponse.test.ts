import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { InternalAxiosRequestConfig } from 'axios';
import { type GraphnetAuthError, isGraphnetAuthError, type AccessToken } from '../lib/index.js';
import { scrub } from '../lib/scrub.js';
import { attach } from './support/attached.js';
import { jwt, startGraphnet, type Graphnet } from './support/graphnet.js';

let graphnet: Graphnet;
beforeEach(async () => {
  graphnet = await startGraphnet();
});
afterEach(() => graphnet.close());

const seconds = () => Math.floor(Date.now() / 1000);
const CANARY = 'c4nary-t0ken';
const good = (claims = {}) => jwt({ exp: seconds() + 600, ...claims });
const answer = (fields: object) => JSON.stringify({ token_type: 'Bearer', access_token: good(), ...fields });

/** What comes of a token answer with this body. */
async function outcomeOf(body: string | Buffer, headers = {}): Promise<AccessToken | GraphnetAuthError> {
  graphnet.onToken = (_, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json', ...headers });
    response.end(body);
  };
  return attach(graphnet)
    .auth.getToken()
    .catch((error: GraphnetAuthError) => error);
}

describe('R24: an answer that is not a usable token is ERR_GRAPHNET_TOKEN_RESPONSE, and says why', () => {
  test.each<[string, () => string | Buffer, RegExp]>([
    ['an HTML page', () => `<html><body>${CANARY}</body></html>`, /not a JSON object/],
    ['an empty body', () => '', /not a JSON object/],
    ['null', () => 'null', /not a JSON object/],
    ['a number', () => '5', /not a JSON object/],
    ['an array', () => `["${CANARY}"]`, /not a JSON object/],
    ['truncated JSON', () => answer({}).slice(0, -5), /not a JSON object/],
    ['bytes that are no UTF-8', () => Buffer.from([0xff, 0xfe, 0x7b, 0x22]), /not a JSON object/],
    ['no access_token', () => '{"token_type":"Bearer"}', /access_token is missing/],
    ['access_token null', () => answer({ access_token: null }), /access_token is missing/],
    ['access_token a number', () => answer({ access_token: 7 }), /characters/],
    ['token_type mac', () => answer({ token_type: 'mac' }), /token_type is not Bearer/],
    ['no token_type', () => answer({ token_type: undefined }), /token_type is not Bearer/],
    ['a token with line breaks', () => answer({ access_token: `${good()}\r\nX-Evil: ${CANARY}` }), /characters/],
    ['a token with a space', () => answer({ access_token: `${good()} ${CANARY}` }), /characters/],
    ['a token that is not ASCII', () => answer({ access_token: `${good()}é` }), /characters/],
    ['an equals sign in its midst', () => answer({ access_token: 'a=b', expires_in: 60 }), /characters/],
    ['a quote, a comma, a semicolon', () => answer({ access_token: 'a",;b', expires_in: 60 }), /characters/],
    ['expires_in in hexadecimal', () => answer({ access_token: CANARY, expires_in: '0x10' }), /neither/],
    ['exp more than a year ahead', () => answer({ access_token: good({ exp: seconds() + 367 * 86_400 }) }), /neither/],
    ['an empty token', () => answer({ access_token: '' }), /characters/],
    ['a token that has expired', () => answer({ access_token: good({ exp: seconds() - 10 }) }), /already expired/],
    ['a negative exp', () => answer({ access_token: good({ exp: -1 }) }), /already expired/],
    ['neither exp nor expires_in', () => answer({ access_token: good({ exp: undefined }) }), /neither/],
    ['an opaque token without expires_in', () => answer({ access_token: CANARY }), /neither/],
    ['a payload that is null', () => answer({ access_token: jwt(null) }), /neither/],
    ['a payload that is a number', () => answer({ access_token: jwt(5) }), /neither/],
    ['a payload that is an array', () => answer({ access_token: jwt([{ exp: seconds() + 60 }]) }), /neither/],
    ['exp as a string', () => answer({ access_token: good({ exp: String(seconds() + 60) }) }), /neither/],
    ['exp in milliseconds', () => answer({ access_token: good({ exp: Date.now() + 60_000 }) }), /neither/],
    ['exp absurdly far', () => answer({ access_token: good({ exp: seconds() + 2 * 366 * 86_400 }) }), /neither/],
    ['exp that overflows', () => answer({ access_token: `${jwt({}).split('.')[0]}.${Buffer.from('{"exp":1e999}').toString('base64url')}.x` }), /neither/], // prettier-ignore
    ['expires_in zero', () => answer({ access_token: CANARY, expires_in: 0 }), /not positive/],
    ['expires_in zero beside an exp that is later', () => answer({ expires_in: 0 }), /not positive/],
    ['expires_in negative', () => answer({ expires_in: -1 }), /not positive/],
    ['expires_in absurdly far', () => answer({ access_token: CANARY, expires_in: 1e12 }), /neither/],
    ['expires_in as words', () => answer({ access_token: CANARY, expires_in: 'soon' }), /neither/],
    ['an error field', () => answer({ error: 'server_error', error_description: 'try\nlater' }), /server_error/],
    ['an error field that is no string', () => answer({ error: { code: CANARY } }), /not a string/],
  ])('%s', async (_, body, message) => {
    const text = body();
    const error = await outcomeOf(text);
    expect(error).toMatchObject({ code: 'ERR_GRAPHNET_TOKEN_RESPONSE', name: 'GraphnetAuthError' });
    expect((error as GraphnetAuthError).message).toMatch(message);
    expect(JSON.stringify(error)).not.toContain(CANARY);
    expect(JSON.stringify(error)).not.toContain(good().slice(0, 20));
    expect(graphnet.tokenRequests).toHaveLength(1);
  });

  test('the error of a 200 shows what the server says', async () => {
    const error = await outcomeOf(answer({ error: 'server_error', error_description: 'try\nlater' }));
    expect(error).toMatchObject({ status: 200, oauthError: 'server_error', oauthErrorDescription: 'try later' });
  });
});

describe('R24: what is accepted', () => {
  const lifeOf = async (fields: object) => {
    const token = await outcomeOf(answer(fields));
    if (isGraphnetAuthError(token)) throw token;
    return Math.round((token.expiresAt.getTime() - Date.now()) / 1000);
  };

  test.each<[string, () => object, number]>([
    ['token_type in any case', () => ({ token_type: 'bEARER' }), 600],
    ['an opaque token with expires_in', () => ({ access_token: 'opaque', expires_in: 300 }), 300],
    ['error: null', () => ({ error: null, error_description: null }), 600],
    ['a token of every character that RFC 6750 allows', () => ({ access_token: 'aZ09-._~+/==', expires_in: 300 }), 300],
    ['expires_in as a string of more digits', () => ({ access_token: 'opaque', expires_in: '3600' }), 3600],
    ['iat in milliseconds', () => ({ access_token: good({ iat: Date.now() }) }), 600],
    ['expires_in as a string of digits', () => ({ access_token: 'opaque', expires_in: '300' }), 300],
    ['both: expires_in is earlier', () => ({ expires_in: 60 }), 60],
    ['both: exp is earlier', () => ({ expires_in: 3600 }), 600],
    ['exp of no use, expires_in', () => ({ access_token: good({ exp: 'x' }), expires_in: 60 }), 60],
    ['40 days', () => ({ access_token: good({ exp: seconds() + 40 * 86_400 }) }), 40 * 86_400],
  ])('%s', async (_, fields, life) => {
    expect(Math.abs((await lifeOf(fields())) - life)).toBeLessThanOrEqual(2);
  });

  test('expires_in counts from when the token request was sent where the server names no date', async () => {
    graphnet.onToken = (_, response) => {
      response.sendDate = false;
      response.end(answer({ access_token: 'opaque', expires_in: 300 }));
    };
    const { expiresAt } = await attach(graphnet).auth.getToken();
    expect(Math.abs(expiresAt.getTime() - Date.now() - 300_000)).toBeLessThan(2000);
  });

  test('R10: of an opaque token there are no claims to name', async () => {
    graphnet.onToken = (_, response) => void response.end(answer({ access_token: 'opaque', expires_in: 300 }));
    graphnet.onUnauthorized = (_, response) => void response.writeHead(403).end();
    const { api, eventsOf } = attach(graphnet);
    await api.get('/Patient').catch(() => undefined);
    expect(eventsOf('forbidden')).toEqual([expect.objectContaining({ claims: [] })]);
  });

  test('a hostile payload changes nothing outside the token', async () => {
    const payload = `{"exp":${seconds() + 60},"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}`;
    const token = `e30.${Buffer.from(payload).toString('base64url')}.x`;
    const outcome = await outcomeOf(`{"token_type":"Bearer","access_token":"${token}","__proto__":{"polluted":1}}`);
    expect((outcome as AccessToken).value).toBe(token);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(Object.isFrozen((outcome as AccessToken).claims)).toBe(true);
  });

  test('deep nesting and many claims do no harm', async () => {
    const claims = Array.from({ length: 5000 }, (_, index) => `"api-${index}":"${'x'.repeat(50)}"`);
    const payload = `{"exp":${seconds() + 60},"deep":${'['.repeat(5000)}${']'.repeat(5000)},${claims.join(',')}}`;
    const outcome = await outcomeOf(answer({ access_token: `e30.${Buffer.from(payload).toString('base64url')}.x` }));
    expect(Object.keys((outcome as AccessToken).claims)).toHaveLength(5002);
  });

  test('R23: an answer larger than 1 MiB is refused', async () => {
    const error = await outcomeOf(answer({ access_token: good({ padding: 'x'.repeat(2 ** 20) }) }));
    expect(error).toMatchObject({ code: 'ERR_GRAPHNET_TOKEN_RESPONSE' });
    expect((error as Error).message).toContain('larger than 1 MiB');
    expect(graphnet.tokenRequests).toHaveLength(1);
  });

  test('R23: so is one that an adapter without a limit hands over', async () => {
    const data = answer({ access_token: good({ padding: 'x'.repeat(2 ** 20) }) });
    const adapter = (config: InternalAxiosRequestConfig) =>
      Promise.resolve({ data, status: 200, statusText: 'OK', headers: {}, config });
    const error = await attach(graphnet, {}, { adapter })
      .auth.getToken()
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'ERR_GRAPHNET_TOKEN_RESPONSE' });
  });
});

describe('R20: what the authorisation server says is scrubbed', () => {
  test.each<[string, string, string]>([
    ['a secret that is named twice', 's3cret, and s3cret', '[redacted], and [redacted]'],
    ['a token with hyphens and underscores', 'not ey-a_1.ey_b-2.c-_3, no', 'not [redacted], no'],
    ['breaks of every kind', 'a\u0085b\u2028c\u2029d\r\ne', 'a b c d e'],
    ['much text', 'x'.repeat(500), 'x'.repeat(200)],
  ])('%s', (_, text, expected) => {
    expect(scrub(text, 's3cret')).toBe(expected);
  });

  test.each([...'\\^$.*+?()[]{}|/-&<>"\'% '])('a secret with %s', (character) => {
    const secret = `${character}a${character}${character}b`;
    expect(scrub(`not ${secret}!`, secret)).toBe('not [redacted]!');
  });

  test('a secret that was trimmed on its way', () => {
    expect(scrub('not s3cret!', ' s3cret\n')).toBe('not [redacted]!');
  });

  test('a text that is made to keep it busy is done with at once', () => {
    const startedAt = performance.now();
    scrub('ey-'.repeat(2 ** 18), 's3cret');
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });
});
