import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeJwt } from './jwt.js';

const TOKEN_REQUEST_MS = 100;

/** A token endpoint and an API that keeps count of what reaches it. */
async function startServer(lifeMs) {
  const figures = { tokenRequests: 0, apiRequests: 0, expiredArrivals: 0, refused: 0 };
  const issued = new Map();
  const server = createServer(async (request, response) => {
    request.resume();
    response.setHeader('Content-Type', 'application/json');
    if (request.url.startsWith('/oauth/token')) {
      figures.tokenRequests += 1;
      await sleep(TOKEN_REQUEST_MS);
      // RFC 7519 section 2: a NumericDate may have fractions, and then the life is exact.
      const exp = (Date.now() + lifeMs) / 1000;
      const token = encodeJwt({ exp, jti: figures.tokenRequests });
      issued.set(`Bearer ${token}`, exp * 1000);
      return response.end(JSON.stringify({ token_type: 'Bearer', access_token: token, refresh_token: null }));
    }
    figures.apiRequests += 1;
    const expiresAtMs = issued.get(request.headers.authorization);
    if (expiresAtMs <= Date.now()) figures.expiredArrivals += 1;
    if (!(expiresAtMs > Date.now())) {
      figures.refused += 1;
      response.statusCode = 401;
    }
    response.end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    figures,
    origin: `http://127.0.0.1:${server.address().port}`,
    revokeAll: () => issued.clear(),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/**
 * Real processes that start at the same moment and call one API for some token lives.
 *
 * @param redisUrl where the shared store is; without it every process is on its own
 * @param revokesAfterLives when all tokens are revoked, if at all
 */
export async function runFleet({ processes, lives, lifeMs, redisUrl, revokesAfterLives }) {
  const server = await startServer(lifeMs);
  const member = new URL('./fleetMember.js', import.meta.url);
  const settings = JSON.stringify({
    origin: server.origin,
    redisUrl,
    durationMs: lives * lifeMs,
    pauseMs: processes * 4,
  });
  const members = Array.from({ length: processes }, () => fork(member, [settings], { execArgv: [] }));
  try {
    await Promise.all(members.map((child) => once(child, 'message')));
    const ended = Promise.all(members.map((child) => once(child, 'message').then(([figures]) => figures)));
    for (const child of members) child.send('go');
    await sleep(Math.min(1000, lifeMs / 3));
    const coldTokenRequests = server.figures.tokenRequests;
    let revocationTokenRequests;
    if (revokesAfterLives) {
      await sleep(revokesAfterLives * lifeMs - Math.min(1000, lifeMs / 3));
      const before = server.figures.tokenRequests;
      server.revokeAll();
      await sleep(lifeMs / 3);
      revocationTokenRequests = server.figures.tokenRequests - before;
    }
    const reports = await ended;
    const sum = (name) => reports.reduce((total, report) => total + report[name], 0);
    return {
      ...server.figures,
      coldTokenRequests,
      revocationTokenRequests,
      calls: sum('calls'),
      failedCalls: sum('failedCalls'),
      storeFailures: sum('storeFailures'),
      fromStore: sum('fromStore'),
    };
  } finally {
    for (const child of members) child.kill();
    server.close();
  }
}
