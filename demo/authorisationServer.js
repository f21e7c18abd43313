// A real authorisation server (oidc-provider, certified) on loopback, its answer reshaped to the one Graphnet documents.
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';

const API = 'urn:graphnet:fhir';
const TOKEN_PATH = '/vlive/hpca/oauth/token';

/** oidc-provider warns of its development defaults on import and at start; they are what a demo wants. */
async function quietly(work) {
  const { warn, info } = console;
  Object.assign(console, { warn: () => undefined, info: () => undefined });
  try {
    return await work();
  } finally {
    Object.assign(console, { warn, info });
  }
}

function configure({ clientId, clientSecret, lifeSeconds }) {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const client = (id, grants) => ({
    client_id: id,
    client_secret: clientSecret,
    grant_types: grants,
    response_types: grants.includes('authorization_code') ? ['code'] : [],
    redirect_uris: grants.includes('authorization_code') ? ['https://app.example.org/'] : [],
    token_endpoint_auth_method: 'client_secret_post',
  });
  return {
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'demo', alg: 'RS256', use: 'sig' }] },
    clients: [client(clientId, ['client_credentials']), client('user-app', ['authorization_code'])],
    routes: { token: TOKEN_PATH },
    ttl: { ClientCredentials: lifeSeconds },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => API,
        getResourceServerInfo: () => ({
          scope: '',
          audience: API,
          accessTokenFormat: 'jwt',
          accessTokenTTL: lifeSeconds,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    extraTokenClaims: () => ({ apis: ['Patient', 'Observation'] }),
  };
}

/** @param {{ clientId: string, clientSecret: string, lifeSeconds: number }} options */
export async function startAuthorisationServer(options) {
  const { Provider } = await quietly(() => import('oidc-provider'));
  const counts = { tokenRequests: 0 };
  const requests = [];

  // The issuer has to be known before the port is: listen first, then put the provider in place.
  const { createServer } = await import('node:http');
  let handle = (_, response) => response.writeHead(503).end();
  const server = createServer((request, response) => handle(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${server.address().port}`;

  const provider = await quietly(() => new Provider(issuer, configure(options)));
  provider.use(async (context, next) => {
    if (context.path !== TOKEN_PATH) return next();
    counts.tokenRequests += 1;
    await next();
    requests.push({ method: context.method, headers: context.headers, form: context.oidc?.body });
    const { access_token: accessToken, token_type: tokenType } = context.body ?? {};
    if (accessToken) context.body = { token_type: tokenType, access_token: accessToken, refresh_token: null };
  });
  handle = provider.callback();

  return {
    issuer,
    audience: API,
    tokenUrl: issuer + TOKEN_PATH,
    jwksUrl: `${issuer}/jwks`,
    counts,
    requests,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
