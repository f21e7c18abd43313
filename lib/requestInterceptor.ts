import type { AxiosInstance, InternalAxiosRequestConfig } from 'axios';
import { authorizationName, removeAuthorization, setAuthorization } from './authorizationHeader.js';
import type { Destination } from './destination.js';
import { GraphnetAuthError } from './GraphnetAuthError.js';
import type { Emit } from './GraphnetAuthEvent.js';
import { RequestNote } from './RequestNote.js';
import { summarize } from './summarize.js';
import type { Token } from './Token.js';
import type { TokenSource } from './tokenSource.js';
import { isAborted, waitForToken } from './waitForToken.js';

type Config = InternalAxiosRequestConfig;

export interface RequestInterceptorParts {
  readonly source: TokenSource;
  readonly bare: AxiosInstance;
  readonly destinationOf: (config: Config) => Destination;
  readonly emit: Emit;
}

/** R15: the app has asked for, or brought, something else. */
const isLeftAlone = (config: Config): boolean =>
  config.graphnetAuth === false || Boolean(config.auth) || authorizationName(config.headers) !== undefined;

/**
 * Axios since 1.20 sends a flat copy of a config that an interceptor has rebuilt (`{ ...config }`). Flattening it first
 * keeps the config that is noted the one that is transformed and sent (R11).
 */
function flatten(config: Config): Config {
  if (Object.getPrototypeOf(config) === null) return config;
  const flat = Object.create(null) as Record<string, unknown>;
  for (const key in config) if (!(key in Object.prototype)) flat[key] = Reflect.get(config, key);
  return Object.assign(flat, config);
}

function guardRedirects(config: Config, { keepTokenAtOrigin }: Destination): void {
  const own = config.beforeRedirect;
  if (own === keepTokenAtOrigin) return;
  config.beforeRedirect = own
    ? (...redirect) => {
        keepTokenAtOrigin(...redirect);
        own(...redirect);
      }
    : keepTokenAtOrigin;
}

/** R1: puts the token on every request that may carry it. */
export function createRequestInterceptor({ source, bare, destinationOf, emit }: RequestInterceptorParts) {
  const isAxiosFlat = Object.getPrototypeOf(bare.defaults) === null;

  function judge(config: Config): Destination | undefined {
    if (isLeftAlone(config)) return undefined;
    const destination = destinationOf(config);
    const { verdict, origin } = destination;
    if (verdict === 'trusted') return destination;
    if (verdict === 'untrusted') emit({ type: 'untrusted-origin', ...summarize(config) });
    if (verdict !== 'insecure') return undefined;
    const message = `The access token would travel unencrypted to ${origin}; use https:, or set allowInsecureHttp in a test network.`;
    throw new GraphnetAuthError('ERR_GRAPHNET_INSECURE_URL', message);
  }

  /** Where the token may go with this request; `undefined` if it goes without. */
  function admit(config: Config): Destination | undefined {
    const earlier = RequestNote.of(config);
    if (!earlier) return judge(config);
    // A config that the app sends again brings its old token along.
    removeAuthorization(config);
    const destination = judge(config);
    RequestNote.put(config, destination && new RequestNote(config, earlier.isReplayed));
    return destination;
  }

  function stamp(admitted: Config, destination: Destination, token: Token): Config {
    const config = isAxiosFlat ? flatten(admitted) : admitted;
    setAuthorization(config, token.header);
    guardRedirects(config, destination);
    RequestNote.put(config, new RequestNote(config, RequestNote.of(config)?.isReplayed ?? false));
    return config;
  }

  return async function addToken(config: Config): Promise<Config> {
    const destination = admit(config);
    if (!destination || isAborted(config)) return config;
    const token = source.peek() ?? (await waitForToken(config, source.get()));
    return token ? stamp(config, destination, token) : config;
  };
}
