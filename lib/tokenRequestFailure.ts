import axios, { type AxiosError, type AxiosResponse } from 'axios';
import axiosRetry from 'axios-retry';
import { GraphnetAuthError } from './GraphnetAuthError.js';
import { parseObject } from './parseTokenResponse.js';
import { responseHeader } from './responseHeader.js';
import { scrub } from './scrub.js';

/** RFC 6749 section 5.2: the errors that no retry mends, for they are about who is asking. */
const REFUSALS = new Set(['invalid_client', 'unauthorized_client', 'invalid_grant', 'access_denied']);

/** RFC 9110 section 10.2.3, seconds or a date; a date is read on the server's own clock. */
export function retryAfterMs(response: AxiosResponse | undefined): number | undefined {
  const value = responseHeader(response, 'retry-after');
  if (value === undefined) return undefined;
  const serverNowMs = Date.parse(responseHeader(response, 'date') ?? '') || Date.now();
  const ms = /^\s*\d+\s*$/.test(value) ? Number(value) * 1000 : Date.parse(value) - serverNowMs;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), Number.MAX_SAFE_INTEGER);
}

/** An answer that broke off in its body comes as an error with a response of status 200. */
const answerOf = ({ response }: AxiosError) => (response && response.status >= 300 ? response : undefined);
const isTooLarge = (error: AxiosError) => !answerOf(error) && error.message.includes('maxContentLength');

const isTransientStatus = (status: number) => status === 429 || status >= 500;

/** The same request may succeed a moment later. */
export function isTransient(error: AxiosError): boolean {
  const status = answerOf(error)?.status;
  if (status !== undefined) return isTransientStatus(status);
  // axios-retry does not count a timeout or a broken answer among the network errors.
  const isBroken = error.code === 'ECONNABORTED' || error.response !== undefined;
  return !isTooLarge(error) && (isBroken || axiosRetry.isNetworkError(error));
}

function nextStep(status: number): string {
  if (isTransientStatus(status)) return 'try again later';
  return status < 400 ? 'redirects are not followed, set tokenUrl to the final address' : 'check tokenUrl';
}

/** Reads off an error of axios what is safe to show; the error itself holds the secret and goes no further (R20). */
export function toTokenRequestError(error: unknown, secret: string): GraphnetAuthError {
  if (!axios.isAxiosError(error)) {
    const message = 'The token request failed before it was sent; look at tokenRequest, tokenRetry and the adapter.';
    return new GraphnetAuthError('ERR_GRAPHNET_TOKEN_REQUEST', message);
  }
  if (isTooLarge(error)) {
    return new GraphnetAuthError(
      'ERR_GRAPHNET_TOKEN_RESPONSE',
      "The token endpoint's answer is larger than 1 MiB; is tokenUrl right?",
    );
  }
  const response = answerOf(error);
  if (!response) {
    const cause = /^[A-Z][A-Z\d_]{2,40}$/.test(error.code ?? '') ? ` (${error.code})` : '';
    const message = `The token endpoint could not be reached${cause}; check tokenUrl, the network and the proxy.`;
    return new GraphnetAuthError('ERR_GRAPHNET_TOKEN_REQUEST', message);
  }
  const { status } = response;
  const fields = parseObject(response.data);
  const details = {
    status,
    oauthError: scrub(fields?.error, secret),
    oauthErrorDescription: scrub(fields?.error_description, secret),
    retryAfterMs: retryAfterMs(response),
  };
  const said = [details.oauthError, details.oauthErrorDescription].filter(Boolean).join(': ');
  const answered = `status ${status}${said && `, ${said}`}`;
  if (status === 401 || (status < 500 && REFUSALS.has(String(details.oauthError)))) {
    const message = `The authorisation server refused the credentials (${answered}); check clientId and clientSecret with Graphnet.`;
    return new GraphnetAuthError('ERR_GRAPHNET_CREDENTIALS', message, details);
  }
  const message = `The token endpoint did not issue a token (${answered}); ${nextStep(status)}.`;
  return new GraphnetAuthError('ERR_GRAPHNET_TOKEN_REQUEST', message, details);
}
