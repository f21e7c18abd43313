import type { AxiosInstance, InternalAxiosRequestConfig } from 'axios';
import type { ResolvedOptions } from './resolveOptions.js';

/** Where a request goes, and whether the token may go there. */
export interface Destination {
  readonly origin: string;
  /** `own-credentials`: the URL itself names a user, from which axios makes an `Authorization` of its own. */
  readonly verdict: 'trusted' | 'untrusted' | 'insecure' | 'own-credentials';
}

const ABSOLUTE = /^(?:[a-z][a-z\d+.-]*:)?\/\//i;
const LOCAL = 'http://localhost';
const LOOPBACK = /^(?:localhost|[a-z\d.-]+\.localhost|127(?:\.\d+){3}|\[::1\])$/;

/** R22: nobody else is on the wire, or it is encrypted. */
export const isConfidential = (url: URL): boolean => url.protocol === 'https:' || LOOPBACK.test(url.hostname);

/** An app may name a path alone, for a Unix socket or an adapter of its own: that stays on this machine. */
function parse(url: string): URL | undefined {
  if (URL.canParse(url)) return new URL(url);
  return URL.canParse(url, LOCAL) ? new URL(url, LOCAL) : undefined;
}

/** Judges where requests go, and may carry the token. */
export function createDestinations(instance: AxiosInstance, bare: AxiosInstance, options: ResolvedOptions) {
  const { tokenUrl, allowedOrigins, allowInsecureHttp } = options;

  function judge({ url = '', baseURL = '', allowAbsoluteUrls }: InternalAxiosRequestConfig): Destination {
    // axios's own reading of the URL, which differs between its versions.
    const fullUrl = bare.getUri({ url, baseURL, ...(allowAbsoluteUrls === false && { allowAbsoluteUrls }) });
    const parsed = parse(fullUrl);
    const origin = parsed?.origin ?? '';
    // The instance's own base rules: a request that overrides it may be led astray (R21).
    const ownBase = instance.defaults.baseURL || baseURL;
    const trusted = [ownBase && parse(ownBase)?.origin, tokenUrl.origin, ...(allowedOrigins ?? [])];
    const isTrusted = ownBase || allowedOrigins ? trusted.includes(origin) : origin !== 'null';
    if (!parsed || !isTrusted) return { origin, verdict: 'untrusted' };
    if (parsed.username || parsed.password) return { origin, verdict: 'own-credentials' };
    return { origin, verdict: isConfidential(parsed) || allowInsecureHttp ? 'trusted' : 'insecure' };
  }

  /** Most requests are relative to one base, and parsing its URL costs as much as all the rest of this package. */
  let last: { baseURL: string; instanceBase: string | undefined; destination: Destination } | undefined;

  return (config: InternalAxiosRequestConfig): Destination => {
    const { url = '', baseURL } = config;
    const instanceBase = instance.defaults.baseURL;
    if (!baseURL || ABSOLUTE.test(url)) return judge(config);
    if (last?.baseURL !== baseURL || last.instanceBase !== instanceBase) {
      last = { baseURL, instanceBase, destination: judge(config) };
    }
    return last.destination;
  };
}
