import type { AxiosInstance, InternalAxiosRequestConfig } from 'axios';
import type { ResolvedOptions } from './resolveOptions.js';

type Config = InternalAxiosRequestConfig;

/** Where a request goes, and whether the token may go there. */
export interface Destination {
  readonly origin: string;
  /** `own-credentials`: the URL itself names a user, from which axios makes an `Authorization` of its own. */
  readonly verdict: 'trusted' | 'untrusted' | 'insecure' | 'own-credentials';
}

/** Also what lacks the slashes after its scheme: axios's versions differ in what they make of it. */
const MAY_BE_ABSOLUTE = /^(?:[a-z][a-z\d+.-]*:|\/\/)/i;
/** RFC 3986 section 3.2; what follows has no say in where a request goes. A parser drops tabs and reads `\` as `/`. */
const UP_TO_AUTHORITY = /^(?:[a-z][a-z\d+.-]*:)?\/\/[^\s\\/?#]+(?=[/?#]|$)/i;
const LOCAL = 'http://localhost';
const LOOPBACK = /^(?:localhost|[a-z\d.-]+\.localhost|127(?:\.\d+){3}|\[::1\])$/;
const MAX_REMEMBERED = 20;

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

  function judge({ url = '', baseURL = '', allowAbsoluteUrls }: Config): Destination {
    // axios's own reading of the URL, which differs between its versions.
    const fullUrl = bare.getUri({ url, baseURL, ...(allowAbsoluteUrls !== undefined && { allowAbsoluteUrls }) });
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

  /** Parsing a URL costs more than all the rest of this package, so each base and each host is judged once. */
  const byBase = new Map<string, Destination>();
  const byAuthority = new Map<string, Destination>();
  let judgedForBase: string | undefined;

  function remember(known: Map<string, Destination>, key: string, destination: Destination): Destination {
    if (known.size >= MAX_REMEMBERED) known.clear();
    known.set(key, destination);
    return destination;
  }

  function ofRelative(config: Config, baseURL: string): Destination {
    const known = byBase.get(baseURL);
    if (known) return known;
    // Where the base names no host, the URL does.
    return UP_TO_AUTHORITY.test(baseURL) ? remember(byBase, baseURL, judge(config)) : judge(config);
  }

  function ofAbsolute(config: Config, url: string): Destination {
    for (const [authority, destination] of byAuthority) {
      // At the end of the URL, `charAt` is empty and included.
      if (url.startsWith(authority) && '/?#'.includes(url.charAt(authority.length))) return destination;
    }
    const authority = UP_TO_AUTHORITY.exec(url)?.[0];
    return authority ? remember(byAuthority, authority, judge(config)) : judge(config);
  }

  return (config: Config): Destination => {
    const { url = '', baseURL, allowAbsoluteUrls = true } = config;
    const instanceBase = instance.defaults.baseURL;
    if (instanceBase !== judgedForBase) {
      byBase.clear();
      byAuthority.clear();
      judgedForBase = instanceBase;
    }
    if (!MAY_BE_ABSOLUTE.test(url)) return baseURL ? ofRelative(config, baseURL) : judge(config);
    // Otherwise the base has a say, too; and `get(new URL(…))` works, whatever the types say.
    const isUpToUrl = baseURL === instanceBase && allowAbsoluteUrls === true && typeof url === 'string';
    return isUpToUrl ? ofAbsolute(config, url) : judge(config);
  };
}
