import axios from 'axios';
import { expiryMs } from '../support/jwt.js';

/** What most apps write: an async interceptor around a cached token, and one retry after a 401. */
export function attach(api, { tokenUrl, clientId, clientSecret }) {
  let token;
  let renewAtMs = 0;
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
  }).toString();

  async function getToken() {
    if (!token || Date.now() >= renewAtMs) {
      const { data } = await axios.post(tokenUrl, body);
      token = data.access_token;
      const lifeMs = expiryMs(token) - Date.now();
      // The usual 30 s, unless the token's life is short.
      renewAtMs = Date.now() + lifeMs - Math.min(30_000, lifeMs * 0.1);
    }
    return token;
  }

  api.interceptors.request.use(async (config) => {
    config.headers.Authorization = `Bearer ${await getToken()}`;
    return config;
  });
  api.interceptors.response.use(undefined, async (error) => {
    const { config, response } = error;
    if (response?.status !== 401 || config.isRetry) throw error;
    config.isRetry = true;
    token = undefined;
    return api(config);
  });
}
