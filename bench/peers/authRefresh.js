import axios from 'axios';
import { createAuthRefresh } from 'axios-auth-refresh';

/** As its README has it. It has no first token of its own: until a 401 there is none. */
export function attach(api, { tokenUrl, clientId, clientSecret }, options) {
  let token;
  api.interceptors.request.use((config) => {
    if (token) config.headers.Authorization = `Bearer ${token}`;
    return config;
  });
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
  }).toString();
  createAuthRefresh(
    api,
    async (failed) => {
      const { data } = await axios.post(tokenUrl, body);
      token = data.access_token;
      failed.response.config.headers.Authorization = `Bearer ${token}`;
    },
    options,
  );
}
