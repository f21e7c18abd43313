import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeJwt } from './jwt.js';

/** RFC 7519 lets a NumericDate be fractional: with whole seconds a life of 2 s would be anything from 1 to 2 s. */
function issueJwt(lifeMs, id) {
  const nowMs = Date.now();
  const claims = { iat: nowMs / 1000, exp: (nowMs + lifeMs) / 1000, jti: id };
  return { value: encodeJwt(claims), expMs: nowMs + lifeMs };
}

/**
 * A slow and faulty token endpoint, and an API that judges the token at the moment that the request arrives.
 * @param settings `lifeMs`, `maxDelayMs` of a token answer, `faultShare` of token requests that fail.
 */
export async function startSoakServer({ lifeMs, maxDelayMs, faultShare }) {
  /** By token, oldest first; `order` counts from 1. `answeredMs`: when its answer left the token endpoint. */
  const tokens = new Map();
  const counts = { tokenRequests: 0, faults: 0, expired: 0, revoked: 0, unknown: 0, mostAtOnce: 0 };
  let atOnce = 0;
  let outageEndsMs = 0;

  async function answerToken(response) {
    counts.tokenRequests += 1;
    atOnce += 1;
    response.on('close', () => (atOnce -= 1));
    // An abandoned token request is closed before the next is sent, but the server does not always read it first.
    await sleep(5);
    counts.mostAtOnce = Math.max(counts.mostAtOnce, atOnce);
    const delayMs = Math.random() * maxDelayMs;
    const isOutage = Date.now() < outageEndsMs;
    // A fault on top of an outage could fail all four tries of a token request: calls would fail, and rightly so.
    const isFault = isOutage || (Date.now() > outageEndsMs + 2000 && Math.random() < faultShare);
    // Some of the delay comes before the token's life begins, some after.
    const beforeMs = delayMs * Math.random();
    await sleep(isOutage ? 0 : beforeMs);
    const token = !isFault && issueJwt(lifeMs, counts.tokenRequests);
    await sleep(isOutage ? 0 : delayMs - beforeMs);
    if (token) {
      tokens.set(token.value, { ...token, order: tokens.size + 1, answeredMs: Date.now(), revokedMs: Infinity });
      return response.end(JSON.stringify({ token_type: 'Bearer', access_token: token.value, refresh_token: null }));
    }
    counts.faults += 1;
    return Math.random() < 0.5 ? response.destroy() : response.writeHead(500).end();
  }

  function answerApi(request, response) {
    const token = tokens.get((request.headers.authorization ?? '').slice('Bearer '.length));
    const nowMs = Date.now();
    const problem = !token
      ? 'unknown'
      : nowMs >= token.expMs
        ? 'expired'
        : nowMs >= token.revokedMs
          ? 'revoked'
          : undefined;
    if (problem) counts[problem] += 1;
    response.writeHead(problem ? 401 : 200).end();
  }

  const server = createServer((request, response) => {
    if (request.method === 'POST') request.resume().on('end', () => void answerToken(response));
    else answerApi(request, response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  return {
    origin,
    tokenUrl: `${origin}/oauth/token`,
    tokens,
    counts,
    revokeAll() {
      for (const token of tokens.values()) token.revokedMs = Math.min(token.revokedMs, Date.now());
    },
    failTokensFor(ms) {
      outageEndsMs = Date.now() + ms;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
