import { createLoopbackApi } from '../support/createLoopbackApi.js';
import { tokenPlugins } from '../support/plugins.js';
import { startLoopbackServer } from '../support/startLoopbackServer.js';

const CALLS = 1000;

export const always401 = {
  title: 'An API that always answers 401',
  note: `${CALLS} calls, one after the other.`,
  subjects: tokenPlugins,
  rounds: 1,
  isUntimed: true,
  columns: [
    { title: 'token requests', figure: 'tokenRequests' },
    { title: 'API requests', figure: 'apiRequests' },
    { title: 'failed calls', figure: 'failedCalls' },
  ],
  async measure(plugin) {
    const server = await startLoopbackServer({ api: 'refusing', tokenDelayMs: 0, lifeSeconds: 3600 });
    const api = await createLoopbackApi(plugin, server);
    let failedCalls = 0;
    for (let call = 0; call < CALLS; call++) await api.get('/Patient/1').catch(() => (failedCalls += 1));
    const { tokenRequests, apiRequests } = await server.counts();
    return { tokenRequests, apiRequests, failedCalls };
  },
};
