import { AxiosError, type InternalAxiosRequestConfig } from 'axios';
import type { Token } from './Token.js';

interface Subscribable {
  subscribe(listener: () => void): void;
  unsubscribe(listener: () => void): void;
}

/** As axios's own adapters word it. */
function timeoutError(config: InternalAxiosRequestConfig): AxiosError {
  const message = config.timeoutErrorMessage ?? `timeout of ${config.timeout}ms exceeded`;
  const code = config.transitional?.clarifyTimeoutError ? AxiosError.ETIMEDOUT : AxiosError.ECONNABORTED;
  return new AxiosError(message, code, config);
}

export const isAborted = ({ signal, cancelToken }: InternalAxiosRequestConfig): boolean =>
  signal?.aborted === true || cancelToken?.reason !== undefined;

/**
 * R14: a caller that aborts or whose `timeout` runs out leaves at once, and alone. `undefined` when aborted: sent on
 * without a token, the config is rejected by axios itself, with its own error, before it reaches the adapter.
 */
export function waitForToken(config: InternalAxiosRequestConfig, pending: Promise<Token>): Promise<Token | undefined> {
  const { signal, timeout } = config;
  const cancelToken = config.cancelToken as unknown as Subscribable | undefined;
  if (!signal && !cancelToken && !timeout) return pending;
  if (isAborted(config)) {
    pending.catch(() => undefined);
    return Promise.resolve(undefined);
  }
  return new Promise<Token | undefined>((resolve, reject) => {
    const onAbort = () => {
      leave();
      resolve(undefined);
    };
    const timer = timeout ? setTimeout(() => reject(timeoutError(config)), timeout) : undefined;
    signal?.addEventListener?.('abort', onAbort);
    cancelToken?.subscribe(onAbort);
    const leave = () => {
      clearTimeout(timer);
      signal?.removeEventListener?.('abort', onAbort);
      cancelToken?.unsubscribe(onAbort);
    };
    pending.finally(leave).then(resolve, reject);
  });
}
