import { Agent } from 'node:http';
import axios from 'axios';

/** An instance as an app would make it, with a plugin attached. */
export async function createLoopbackApi(plugin, { origin }) {
  const { attach } = await import(`../peers/${plugin}.js`);
  const api = axios.create({ baseURL: origin, httpAgent: new Agent({ keepAlive: true }) });
  attach(api, { clientId: 'bench', clientSecret: 's3cret', tokenUrl: `${origin}/oauth/token` });
  return api;
}
