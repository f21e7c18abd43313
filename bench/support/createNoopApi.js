import axios from 'axios';
import { createNoopAdapter } from './noopAdapter.js';

const CREDENTIALS = { clientId: 'bench', clientSecret: 's3cret', tokenUrl: 'https://auth.example.org/oauth/token' };

/** An instance that reaches no network, with a plugin attached that has its token. */
export async function createNoopApi(plugin, { baseURL, url }) {
  const { attach } = await import(`../peers/${plugin}.js`);
  const adapter = createNoopAdapter();
  // Some plugins ask for their token through the global axios.
  axios.defaults.adapter = adapter;
  const api = axios.create({ baseURL, adapter });
  attach(api, CREDENTIALS);
  // The first answer may be the 401 that brings axios-auth-refresh its token.
  await api.get(url).catch(() => undefined);
  return api;
}
