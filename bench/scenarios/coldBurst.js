import { callAtOnce } from '../support/callAtOnce.js';
import { createLoopbackApi } from '../support/createLoopbackApi.js';
import { plugins, tokenPlugins, unpausedAuthRefresh } from '../support/plugins.js';
import { startLoopbackServer } from '../support/startLoopbackServer.js';

const CALLS = 2000;
const TOKEN_DELAY_MS = 100;

export const coldBurst = {
  title: 'A cold burst',
  note: `The first ${CALLS} calls of a process, all at once; a token request takes ${TOKEN_DELAY_MS} ms.`,
  // The static header shows what so many calls cost by themselves.
  subjects: { staticHeader: plugins.staticHeader, ...tokenPlugins, ...unpausedAuthRefresh },
  rounds: 3,
  columns: [
    { title: 'token requests', figure: 'tokenRequests' },
    { title: 'connections', figure: 'connections' },
    { title: 'failed calls', figure: 'failedCalls' },
    { title: 'last answer after, ms', figure: 'lastAnswerMs' },
  ],
  async measure(plugin) {
    const server = await startLoopbackServer({ api: 'guarded', tokenDelayMs: TOKEN_DELAY_MS, lifeSeconds: 3600 });
    const api = await createLoopbackApi(plugin, server);
    const burst = await callAtOnce(api, CALLS);
    const { tokenRequests, connections } = await server.counts();
    return { ...burst, tokenRequests, connections };
  },
};
