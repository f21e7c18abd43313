import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import axios from 'axios';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { startAuthorisationServer } from '../demo/authorisationServer.js';
import { attachGraphnetAuth, type GraphnetAuthError } from '../lib/index.js';
import { json, listen, type TestServer } from './support/graphnet.js';

const CREDENTIALS = { clientId: 'trust-a', clientSecret: 'a secret & more' };

let authServer: Awaited<ReturnType<typeof startAuthorisationServer>>;
let api: TestServer;
const rejected = new Set<string>();

beforeAll(async () => {
  authServer = await startAuthorisationServer({ ...CREDENTIALS, lifeSeconds: 60 });
  const keys = createRemoteJWKSet(new URL(authServer.jwksUrl));
  api = await listen(async ({ headers }, response) => {
    const token = headers.authorization?.replace('Bearer ', '') ?? '';
    const { issuer, audience } = authServer;
    const isValid = await jwtVerify(token, keys, { issuer, audience }).then(
      () => !rejected.has(token),
      () => false,
    );
    json(response, isValid ? 200 : 401, {});
  });
});
beforeEach(() => {
  authServer.counts.tokenRequests = 0;
  authServer.requests.length = 0;
});
afterAll(async () => {
  authServer.stop();
  await api.close();
});

function attach(credentials = CREDENTIALS) {
  const instance = axios.create({ baseURL: api.origin });
  return { instance, auth: attachGraphnetAuth(instance, { ...credentials, tokenUrl: authServer.tokenUrl }) };
}

describe('against oidc-provider, a certified server', () => {
  test('R1, R2: 100 cold calls make one token request, and every signature holds', async () => {
    const { instance } = attach();
    const answers = await Promise.all(Array.from({ length: 100 }, () => instance.get('/')));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(authServer.counts.tokenRequests).toBe(1);
  });

  test('section 1: what goes over the wire is the documented request', async () => {
    await attach().auth.getToken();
    const [request] = authServer.requests;
    expect(request!.form).toEqual({
      grant_type: 'client_credentials',
      client_id: 'trust-a',
      client_secret: 'a secret & more',
    });
    expect(request!.headers).toMatchObject({ 'content-type': 'application/x-www-form-urlencoded' });
    expect(request!.headers).not.toHaveProperty('authorization');
  });

  test('R24: exp and the claims of a real RS256 token', async () => {
    const { claims, expiresAt } = await attach().auth.getToken();
    expect(claims).toMatchObject({ apis: ['Patient', 'Observation'], iss: authServer.issuer });
    expect(expiresAt).toEqual(new Date(claims.exp! * 1000));
    expect(claims.exp! - claims.iat!).toBe(60);
  });

  test('R6: a rejected token is replaced by one token request', async () => {
    const { instance, auth } = attach();
    rejected.add((await auth.getToken()).value);
    const answers = await Promise.all(Array.from({ length: 20 }, () => instance.get('/')));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(authServer.counts.tokenRequests).toBe(2);
  });

  test.each([
    ['a wrong secret', { ...CREDENTIALS, clientSecret: 'wrong' }, 'invalid_client'],
    ['an unknown client', { ...CREDENTIALS, clientId: 'nobody' }, 'invalid_client'],
  ])('%s is ERR_GRAPHNET_CREDENTIALS, and is not retried', async (_, credentials, oauthError) => {
    const error = await attach(credentials)
      .auth.getToken()
      .catch((reason: GraphnetAuthError) => reason);
    expect(error).toMatchObject({ code: 'ERR_GRAPHNET_CREDENTIALS', oauthError });
    expect(authServer.counts.tokenRequests).toBe(1);
  });

  test('a client that may not use this grant: what the server says is shown, and is not retried', async () => {
    const error = await attach({ ...CREDENTIALS, clientId: 'user-app' })
      .auth.getToken()
      .catch((reason: GraphnetAuthError) => reason);
    expect(error).toMatchObject({ code: 'ERR_GRAPHNET_TOKEN_REQUEST', status: 400 });
    expect((error as GraphnetAuthError).message).toContain('grant type is not allowed for this client');
    expect(authServer.counts.tokenRequests).toBe(1);
  });
});
