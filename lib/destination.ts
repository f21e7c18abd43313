import type { AxiosInstance, InternalAxiosRequestConfig } from 'axios';
import type { ResolvedOptions } from './resolveOptions.js';

type BeforeRedirect = NonNullable<InternalAxiosRequestConfig['beforeRedirect']>;

/** Where a request goes, and whether the token may go there. */
export interface Destination {
  readonly origin: string;
  /** `own-credentials`: the URL itself names a user, from which axios makes an `Authorization` of its own. */
  readonly verdict: 'trusted' | 'untrusted' | 'insecure' | 'own-credentials';
  /** Takes the token off a redirect that leaves the origin; axios before 1.19 lets it follow to a subdomain. */
  readonly keepTokenAtOrigin: BeforeRedirect;
}

const ABSOLUTE = /^(?:[a-z][a-z\d+.-]*:)?\/\//i;
/** A URL whose origin can be read off without parsing it. */
const PLAIN_ORIGIN = /^https?:\/\/[a-z\d.-]+(?::\d+)?(?=[/?#]|$)/;
const LOOPBACK = /^(?:localhost|[a-z\d.-]+\.localhost|127(?:\.\d+){3}|\[::1\])$/;
const MAX_REMEMBERED = 100;

/** R22: nobody else is on the wire, or it is encrypted. */
export const isConfidential = (url: URL): boolean => url.protocol === 'https:' || LOOPBACK.test(url.hostname);

function keepAt(origin: string): BeforeRedirect {
  return (redirect) => {
    if (URL.canParse(String(redirect.href)) && new URL(String(redirect.href)).origin === origin) return;
    const headers = redirect.headers as Record<string, unknown>;
    for (const name of Object.keys(headers)) if (name.toLowerCase() === 'authorization') delete headers[name];
  };
}

/** What the judgement of an absolute URL hangs on, where that can be told without parsing it. */
function rememberableOrigin(config: InternalAxiosRequestConfig, instanceBase: string | undefined): string | undefined {
  if (config.allowAbsoluteUrls === false) return undefined;
  const origin = PLAIN_ORIGIN.exec(config.url ?? '')?.[0];
  return origin && (instanceBase || !config.baseURL ? origin : `${origin} ${config.baseURL}`);
}

/** Judges where requests go, with a memory: parsing a URL costs as much as all the rest of a request. */
export function createDestinations(instance: AxiosInstance, bare: AxiosInstance, options: ResolvedOptions) {
  const { tokenUrl, allowedOrigins, allowInsecureHttp, restrictsOrigins } = options;

  function judge(url: string, ownBase: string | undefined): Destination {
    // A request over a Unix socket has a path for a URL.
    const parsed = URL.canParse(url, 'http://localhost') ? new URL(url, 'http://localhost') : undefined;
    const origin = parsed?.origin ?? '';
    const base = ownBase && URL.canParse(ownBase) ? new URL(ownBase).origin : ownBase;
    const isTrusted =
      base || restrictsOrigins ? [base, tokenUrl.origin, ...allowedOrigins].includes(origin) : origin !== 'null';
    const verdict =
      !parsed || !isTrusted
        ? 'untrusted'
        : parsed.username || parsed.password
          ? 'own-credentials'
          : isConfidential(parsed) || allowInsecureHttp
            ? 'trusted'
            : 'insecure';
    return { origin, verdict, keepTokenAtOrigin: keepAt(origin) };
  }

  const remembered = new Map<string, Destination>();
  let rememberedBase: string | undefined;

  return (config: InternalAxiosRequestConfig): Destination => {
    const { url = '', baseURL = '', allowAbsoluteUrls } = config;
    // The instance's own base rules: a request that overrides it may be led astray (R21).
    const instanceBase = instance.defaults.baseURL;
    if (instanceBase !== rememberedBase) {
      remembered.clear();
      rememberedBase = instanceBase;
    }
    const key = baseURL && !ABSOLUTE.test(url) ? baseURL : rememberableOrigin(config, instanceBase);
    const known = key && remembered.get(key);
    if (known) return known;
    // axios's own reading of the URL, which differs between its versions.
    const fullUrl = bare.getUri({ url, baseURL, ...(allowAbsoluteUrls === false && { allowAbsoluteUrls }) });
    const destination = judge(fullUrl, instanceBase || baseURL);
    if (key && remembered.size < MAX_REMEMBERED) remembered.set(key, destination);
    return destination;
  };
}
