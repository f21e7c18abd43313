import axios from 'axios';
import { clientCredentials } from 'axios-oauth-client';
import tokenInterceptor from 'axios-token-interceptor';
import { expiryMs } from '../support/jwt.js';

/** As the README of axios-oauth-client 1 had it: a token cache of axios-token-interceptor around the grant. */
export function attach(api, { tokenUrl, clientId, clientSecret }) {
  const grant = clientCredentials(axios.create(), tokenUrl, clientId, clientSecret);
  const cached = tokenInterceptor.tokenCache(() => grant(), {
    getMaxAge: ({ access_token: token }) => expiryMs(token) - Date.now(),
  });
  api.interceptors.request.use(
    tokenInterceptor({ getToken: cached, headerFormatter: ({ access_token: token }) => `Bearer ${token}` }),
  );
}
