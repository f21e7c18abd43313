// The token endpoint and the API of the loopback scenarios, in a process of its own: startLoopbackServer.js starts it.
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { CONSTANT_TOKEN, expiryMs, issueJwt } from './jwt.js';

const { api, tokenDelayMs, lifeSeconds, refusesTogether = 1 } = JSON.parse(process.argv[2]);
const counts = { tokenRequests: 0, apiRequests: 0, connections: 0, expiredArrivals: 0, renewalStartsMs: [] };
/** When each token expires, by its header. */
const expiries = new Map([[`Bearer ${CONSTANT_TOKEN}`, Infinity]]);
const refused = [];
let tokenRequestsUnderWay = 0;

async function answerToken(response) {
  counts.tokenRequests += 1;
  if (tokenRequestsUnderWay === 0) counts.renewalStartsMs.push(Date.now());
  tokenRequestsUnderWay += 1;
  await sleep(tokenDelayMs);
  tokenRequestsUnderWay -= 1;
  const token = issueJwt(lifeSeconds, counts.tokenRequests);
  expiries.set(`Bearer ${token}`, expiryMs(token));
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify({ token_type: 'Bearer', access_token: token, refresh_token: null }));
}

function admits(header) {
  // axios-auth-refresh comes by its first token only through a 401.
  if (api === 'open') return Boolean(header) || counts.apiRequests > 1;
  const expiresAtMs = expiries.get(header);
  if (expiresAtMs <= Date.now()) counts.expiredArrivals += 1;
  return api === 'guarded' && expiresAtMs > Date.now();
}

function refuse(response) {
  response.writeHead(401, { 'WWW-Authenticate': 'Bearer error="invalid_token"' }).end();
}

function answerApi({ headers: { authorization } }, response) {
  counts.apiRequests += 1;
  if (admits(authorization)) {
    response.setHeader('Content-Type', 'application/json');
    response.end('{"resourceType":"Patient","id":"1"}');
  } else if (!authorization) refuse(response);
  else if (refused.push(response) >= refusesTogether) refused.splice(0).forEach(refuse);
}

const server = createServer((request, response) => {
  request.resume();
  if (request.url === '/oauth/token') void answerToken(response);
  else answerApi(request, response);
});
server.on('connection', () => (counts.connections += 1));
// A keep-alive that ends between two measured bursts would show as failed calls.
server.keepAliveTimeout = 60_000;
// With Node's own backlog of 511 a burst would measure how the kernel tries to connect again.
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () =>
  process.send({ origin: `http://127.0.0.1:${server.address().port}` }),
);

process.on('message', (request) => {
  if (request === 'revokeAll') expiries.clear();
  process.send(counts);
});
process.on('disconnect', () => process.exit());
