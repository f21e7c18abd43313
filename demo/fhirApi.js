// A small FHIR-like API on loopback that takes its security seriously: signature, issuer, audience and expiry (jose).
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRemoteJWKSet, jwtVerify } from 'jose';

const SUBSCRIPTION_KEY_CHALLENGE =
  'AzureApiManagementKey realm="http://127.0.0.1/fhir",name="Ocp-Apim-Subscription-Key",type="header"';

/** @param {{ issuer: string, audience: string, jwksUrl: string, subscriptionKey: string }} options */
export async function startFhirApi({ issuer, audience, jwksUrl, subscriptionKey }) {
  const keys = createRemoteJWKSet(new URL(jwksUrl));
  const counts = { requests: 0, ok: 0, unauthorized: 0, expired: 0 };
  const revoked = new Set();
  const seen = new Set();

  async function isAccepted(authorization = '') {
    const token = authorization.replace(/^Bearer /, '');
    try {
      const { payload } = await jwtVerify(token, keys, { issuer, audience });
      seen.add(payload.jti);
      return !revoked.has(payload.jti);
    } catch (error) {
      if (error.code === 'ERR_JWT_EXPIRED') counts.expired += 1;
      return false;
    }
  }

  async function answer(request) {
    if (request.headers['ocp-apim-subscription-key'] !== subscriptionKey) {
      return [401, { message: 'Access denied due to missing subscription key.' }, SUBSCRIPTION_KEY_CHALLENGE];
    }
    if (!(await isAccepted(request.headers.authorization))) return [401, { message: 'Unauthorized' }];
    return [200, { resourceType: 'Bundle', type: 'searchset', total: 0 }];
  }

  const server = createServer((request, response) => {
    counts.requests += 1;
    request.resume().on('end', async () => {
      const [status, body, challenge] = await answer(request);
      counts[status === 200 ? 'ok' : 'unauthorized'] += 1;
      if (challenge) response.setHeader('WWW-Authenticate', challenge);
      response.writeHead(status, { 'Content-Type': 'application/fhir+json' }).end(JSON.stringify(body));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    url: `http://127.0.0.1:${server.address().port}/fhir`,
    counts,
    /** Rejects every token that has been used so far. */
    revokeAll: () => seen.forEach((id) => revoked.add(id)),
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
