import type { InternalAxiosRequestConfig } from 'axios';
import type { RequestSummary } from './GraphnetAuthEvent.js';

/** R20: what an event may say of a request. */
export function summarize({ method, url = '', baseURL }: InternalAxiosRequestConfig): RequestSummary {
  const base = baseURL && URL.canParse(baseURL) ? baseURL : undefined;
  const origin = URL.canParse(url, base) ? new URL(url, base).origin : '';
  return { method: String(method).toUpperCase(), origin };
}
