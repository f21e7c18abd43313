import type { AxiosInstance, AxiosRequestConfig, AxiosResponse } from 'axios';
import axiosRetry from 'axios-retry';
import { bareInstance } from './bareInstance.js';
import { now } from './clock.js';
import { withDeadline, type Deadline } from './deadline.js';
import { isConfidential } from './destination.js';
import { GraphnetAuthError } from './GraphnetAuthError.js';
import { parseTokenResponse } from './parseTokenResponse.js';
import type { ResolvedOptions } from './resolveOptions.js';
import { responseHeader } from './responseHeader.js';
import type { Token } from './Token.js';
import { isTransient, retryAfterMs, toTokenRequestError } from './tokenRequestFailure.js';

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 1024 * 1024;

/** How the instance reaches the network, as against what it sends (R17). */
const TRANSPORT_SETTINGS = [
  'adapter',
  'proxy',
  'httpAgent',
  'httpsAgent',
  'socketPath',
  'allowedSocketPaths',
  'transport',
  'lookup',
  'family',
  'insecureHTTPParser',
  'httpVersion',
  'http2Options',
  'fetchOptions',
  'env',
] as const;

function transportOf({ defaults }: AxiosInstance): AxiosRequestConfig {
  const all = defaults as Record<string, unknown>;
  return Object.fromEntries(TRANSPORT_SETTINGS.filter((name) => name in all).map((name) => [name, all[name]]));
}

async function askSecret({ clientSecret }: ResolvedOptions): Promise<string> {
  if (typeof clientSecret === 'string') return clientSecret;
  // A vault's own error may hold anything, so it is not shown.
  const secret: unknown = await Promise.resolve()
    .then(clientSecret)
    .catch(() => undefined);
  if (typeof secret === 'string' && secret.trim() !== '') return secret;
  const message = 'The clientSecret function failed, or its answer is not a string; test it on its own.';
  throw new GraphnetAuthError('ERR_GRAPHNET_TOKEN_REQUEST', message);
}

/** RFC 6749 section 4.4: one answer of the token endpoint, after the retries. */
async function post(instance: AxiosInstance, options: ResolvedOptions, secret: string, deadline: Deadline) {
  const { tokenRequest } = options;
  const { retryCondition = isTransient, ...tokenRetry } = options.tokenRetry;
  const http = bareInstance(instance);
  axiosRetry(http, {
    retries: 3,
    // Each try has the whole timeout; the deadline bounds them together.
    shouldResetTimeout: true,
    retryDelay: (count, error) => Math.max(axiosRetry.exponentialDelay(count), retryAfterMs(error.response) ?? 0),
    ...tokenRetry,
    // R25: a longer `Retry-After` fails at once, whatever the app retries.
    retryCondition: (error) => (retryAfterMs(error.response) ?? 0) < deadline.leftMs() && retryCondition(error),
  });
  let sentAt = now();
  http.interceptors.request.use((config) => {
    sentAt = now();
    return config;
  });
  const response: AxiosResponse<unknown> = await http.request({
    ...transportOf(instance),
    timeout: TIMEOUT_MS,
    ...tokenRequest,
    headers: {
      Accept: 'application/json',
      ...(tokenRequest.headers as Record<string, string>),
      'Content-Type': 'application/x-www-form-urlencoded',
    },
    method: 'post',
    url: options.tokenUrl.href,
    baseURL: '',
    data: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: options.clientId,
      client_secret: secret,
    }).toString(),
    responseType: 'text',
    maxContentLength: MAX_ANSWER_BYTES,
    maxRedirects: 0,
    // The fetch adapter knows no `maxRedirects`.
    fetchOptions: { ...(tokenRequest.fetchOptions ?? instance.defaults.fetchOptions), redirect: 'manual' },
    validateStatus: (status) => status >= 200 && status < 300,
    signal: deadline.signal,
  });
  return { response, sentAt, receivedAt: now() };
}

async function requestOnce(instance: AxiosInstance, options: ResolvedOptions, deadline: Deadline): Promise<Token> {
  const secret = await askSecret(options);
  try {
    const { response, ...moments } = await post(instance, options, secret, deadline);
    const { status, data } = response;
    // The fetch adapter of older axios has no limit of its own.
    const body = typeof data === 'string' && data.length > MAX_ANSWER_BYTES ? undefined : data;
    return parseTokenResponse({ status, body, dateHeader: responseHeader(response, 'date'), ...moments }, secret);
  } catch (error) {
    throw error instanceof GraphnetAuthError ? error : toTokenRequestError(error, secret);
  }
}

const isRefusal = (error: unknown) => error instanceof GraphnetAuthError && error.code === 'ERR_GRAPHNET_CREDENTIALS';

/** One token from the token endpoint, or a `GraphnetAuthError`. */
export async function requestToken(
  instance: AxiosInstance,
  options: ResolvedOptions,
  abandoned: AbortSignal,
): Promise<Token> {
  if (!isConfidential(options.tokenUrl) && !options.allowInsecureHttp) {
    const message = `The client secret would travel unencrypted to ${options.tokenUrl.origin}; use https:, or set allowInsecureHttp in a test network.`;
    throw new GraphnetAuthError('ERR_GRAPHNET_INSECURE_URL', message);
  }
  return withDeadline(async (deadline) => {
    try {
      return await requestOnce(instance, options, deadline);
    } catch (error) {
      // R25: the secret may have been rotated since it was asked for.
      if (!isRefusal(error) || typeof options.clientSecret === 'string') throw error;
      return requestOnce(instance, options, deadline);
    }
  }, abandoned);
}
