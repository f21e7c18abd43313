import { callAtOnce } from '../support/callAtOnce.js';
import { createLoopbackApi } from '../support/createLoopbackApi.js';
import { tokenPlugins, unpausedAuthRefresh } from '../support/plugins.js';
import { startLoopbackServer } from '../support/startLoopbackServer.js';

const CALLS = 500;
const TOKEN_DELAY_MS = 100;

export const rejectedAtOnce = {
  title: 'Rejected at once',
  note: `The token is revoked, and ${CALLS} calls get their 401 at the same moment; a token request takes ${TOKEN_DELAY_MS} ms.`,
  subjects: { ...tokenPlugins, ...unpausedAuthRefresh },
  rounds: 3,
  columns: [
    { title: 'token requests', figure: 'tokenRequests' },
    { title: 'failed calls', figure: 'failedCalls' },
    { title: 'all healed after, ms', figure: 'allHealedMs' },
  ],
  async measure(plugin) {
    const server = await startLoopbackServer({
      api: 'guarded',
      tokenDelayMs: TOKEN_DELAY_MS,
      lifeSeconds: 3600,
      refusesTogether: CALLS,
    });
    const api = await createLoopbackApi(plugin, server);
    await api.get('/Patient/1');
    // So that the sockets are open, and opening them is not what is measured.
    await callAtOnce(api, CALLS);
    const before = await server.revokeAll();
    const { failedCalls, lastAnswerMs } = await callAtOnce(api, CALLS);
    const after = await server.counts();
    return {
      tokenRequests: after.tokenRequests - before.tokenRequests,
      failedCalls,
      allHealedMs: failedCalls > 0 ? undefined : lastAnswerMs,
    };
  },
};
