import type { AxiosInstance, InternalAxiosRequestConfig } from 'axios';
import { authorizationName, authorizationOf, removeAuthorization, setAuthorization } from './authorizationHeader.js';
import type { Destination } from './destination.js';
import { GraphnetAuthError } from './GraphnetAuthError.js';
import type { Emit } from './emit.js';
import type { RequestSummary } from './GraphnetAuthEvent.js';
import { guardRedirects } from './guardRedirects.js';
import { isNoted, noteOf, putNote } from './requestNote.js';
import type { Token } from './Token.js';
import type { TokenSource } from './tokenSource.js';
import { tolerateRejections } from './tolerateRejections.js';
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

/** R15: a config that the app sends again brings our old token along, which is not one of the app's own. */
function removeOldToken(config: Config): void {
  const note = noteOf(config);
  const header = authorizationOf(config);
  // A deep copy has lost the note.
  if (note ? header === note.token.header : header.startsWith('Bearer ')) removeAuthorization(config);
}

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

/** R1: puts the token on every request that may carry it. */
export function createRequestInterceptor({ source, bare, destinationOf, emit }: RequestInterceptorParts) {
  const isAxiosFlat = Object.getPrototypeOf(bare.defaults) === null;

  /** What events say of a request that may carry the token; `undefined` if it goes without. */
  function admit(config: Config): RequestSummary | undefined {
    if (isLeftAlone(config)) return undefined;
    const { verdict, origin } = destinationOf(config);
    // R20: no path, for FHIR URLs hold NHS numbers.
    const summary = { method: String(config.method).toUpperCase(), origin };
    if (verdict === 'trusted') return summary;
    if (verdict === 'own-credentials') return undefined;
    if (verdict === 'untrusted') return void emit({ type: 'untrusted-origin', ...summary });
    const message = `The access token would travel unencrypted to ${origin}; use https:, or set allowInsecureHttp in a test network.`;
    throw new GraphnetAuthError('ERR_GRAPHNET_INSECURE_URL', message);
  }

  function stamp(admitted: Config, summary: RequestSummary, token: Token): Config {
    const config = isAxiosFlat ? flatten(admitted) : admitted;
    setAuthorization(config, token.header);
    const isReplayed = noteOf(config)?.isReplayed ?? false;
    const { adapter } = config;
    const note = { config, adapter, summary, token, sentAtMs: Date.now(), isReplayed, hasLeftOrigin: false };
    guardRedirects(note);
    tolerateRejections(config);
    putNote(config, note);
    return config;
  }

  return async function addToken(config: Config): Promise<Config> {
    const isSentAgain = isNoted(config);
    if (isSentAgain) removeOldToken(config);
    const summary = admit(config);
    if (!summary && isSentAgain) putNote(config, undefined);
    if (!summary || isAborted(config)) return config;
    const token = source.peek() ?? (await waitForToken(config, source.get()));
    return token ? stamp(config, summary, token) : config;
  };
}
