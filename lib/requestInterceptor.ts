import type { AxiosInstance, InternalAxiosRequestConfig } from 'axios';
import { authorizationOf, removeAuthorization, setAuthorization } from './authorizationHeader.js';
import type { Destination } from './destination.js';
import { GraphnetAuthError } from './GraphnetAuthError.js';
import type { Emit } from './emit.js';
import { guardRedirects, ownBeforeRedirect } from './guardRedirects.js';
import { isNoted, noteOf, putNote, summarize } from './requestNote.js';
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

/** A token that can be sent at this moment. */
interface Ready {
  readonly token: Token;
  readonly atMs: number;
}

/** R15: a config that the app sends again brings our old token along, which is not one of the app's own. */
function isOldToken(config: Config, header: string): boolean {
  const note = noteOf(config);
  // A deep copy has lost the note.
  return isNoted(config) && (note ? header === note.token.header : header.startsWith('Bearer '));
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

  /** Where a request goes that may carry the token, without an old one; `undefined` if it goes as it is. */
  function admit(config: Config): Destination | undefined {
    const header = authorizationOf(config);
    if (header !== undefined) {
      // R15: it is the app's own.
      if (!isOldToken(config, header)) return undefined;
      removeAuthorization(config);
    }
    if (config.auth || config.graphnetAuth === false) return undefined;
    const destination = destinationOf(config);
    const { verdict, origin } = destination;
    if (verdict === 'trusted') return destination;
    if (verdict === 'untrusted') emit({ type: 'untrusted-origin', ...summarize(config, destination) });
    if (verdict !== 'insecure') return undefined;
    const message = `The access token would travel unencrypted to ${origin}; use https:, or set allowInsecureHttp in a test network.`;
    throw new GraphnetAuthError('ERR_GRAPHNET_INSECURE_URL', message);
  }

  function stamp(admitted: Config, destination: Destination, { token, atMs }: Ready): Config {
    const config = isAxiosFlat ? flatten(admitted) : admitted;
    setAuthorization(config, token.header);
    const isReplayed = noteOf(config)?.isReplayed ?? false;
    const { adapter } = config;
    const note = { config, adapter, destination, token, sentAtMs: atMs, isReplayed, hasLeftOrigin: false };
    guardRedirects(note);
    tolerateRejections(config);
    putNote(config, note);
    return config;
  }

  /** R15, R21: goes without the token, and without what a config that is sent again brings along of it. */
  function leaveAlone(config: Config): Config {
    if (isNoted(config)) {
      putNote(config, undefined);
      config.beforeRedirect = ownBeforeRedirect(config)!;
    }
    return config;
  }

  function lookForToken(): Ready | undefined {
    const atMs = Date.now();
    const token = source.peek(atMs);
    return token && { token, atMs };
  }

  async function addTokenLater(config: Config, destination: Destination): Promise<Config> {
    const token = await waitForToken(config, source.get());
    return token ? stamp(config, destination, { token, atMs: Date.now() }) : config;
  }

  /** A promise only where there is something to wait for. */
  function addToken(config: Config, ready = lookForToken()): Config | Promise<Config> {
    const destination = admit(config);
    if (!destination) return leaveAlone(config);
    if (isAborted(config)) return config;
    return ready ? stamp(config, destination, ready) : addTokenLater(config, destination);
  }

  let prepared: Ready | undefined;

  return {
    addToken: (config: Config) => addToken(config),

    /** Whether there is a token for the `addTokenNow` that follows within the same call. */
    prepare(): boolean {
      prepared = lookForToken();
      return prepared !== undefined;
    },

    addTokenNow(config: Config): Config | Promise<Config> {
      const ready = prepared;
      // Once: the handler may be kept, and run by others later.
      prepared = undefined;
      return addToken(config, ready);
    },
  };
}
