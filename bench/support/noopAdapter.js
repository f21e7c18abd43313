import { AxiosError } from 'axios';
import { issueJwt } from './jwt.js';

/** Answers at once and without a network: the token endpoint to a POST, otherwise an API that is satisfied. */
export function createNoopAdapter() {
  let isFirst = true;
  return async function noop(config) {
    const response = { data: '', status: 200, statusText: 'OK', headers: {}, config, request: {} };
    if (config.method === 'post') {
      response.data = JSON.stringify({ token_type: 'Bearer', access_token: issueJwt(), refresh_token: null });
    } else if (isFirst) {
      isFirst = false;
      // axios-auth-refresh comes by its first token only through a 401.
      if (!config.headers.Authorization) {
        response.status = 401;
        throw new AxiosError('401', AxiosError.ERR_BAD_REQUEST, config, undefined, response);
      }
    }
    return response;
  };
}
