import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const SERVER = fileURLToPath(new URL('./loopbackServer.js', import.meta.url));

/**
 * A token endpoint and an API that do not share the event loop with what is measured. They end with this process.
 *
 * @param settings `api`: whom it answers, `guarded` (a valid token), `open` (anybody) or `refusing` (nobody);
 * `tokenDelayMs` of a token answer; `lifeSeconds` of a token; `refusesTogether`: how many rejected tokens get their 401
 * at the same moment.
 */
export async function startLoopbackServer(settings) {
  const server = fork(SERVER, [JSON.stringify(settings)], { execArgv: [] });
  const [{ origin }] = await once(server, 'message');
  async function ask(request) {
    server.send(request);
    const [counts] = await once(server, 'message');
    return counts;
  }
  return { origin, counts: () => ask('counts'), revokeAll: () => ask('revokeAll') };
}
