import type { InternalAxiosRequestConfig } from 'axios';

type Headers = Record<string, unknown>;

/** The name under which a set of headers holds `Authorization`, whatever its case. */
export function authorizationName(headers: Headers): string | undefined {
  for (const name in headers) {
    if (name.length === 13 && name.toLowerCase() === 'authorization' && headers[name] !== undefined) return name;
  }
  return undefined;
}

/** What the request is sent with. */
export function authorizationOf({ headers }: InternalAxiosRequestConfig): string | undefined {
  const name = authorizationName(headers);
  return name && String(headers[name]);
}

export function setAuthorization(config: InternalAxiosRequestConfig, header: string): void {
  // An interceptor of the app may have returned a config without headers.
  const headers = (config.headers ??= {} as typeof config.headers);
  headers.Authorization = header;
}

export function removeAuthorization({ headers }: InternalAxiosRequestConfig): void {
  const name = authorizationName(headers);
  if (name) delete headers[name];
}
