import type { AxiosRequestConfig } from 'axios';
import type { IAxiosRetryConfig } from 'axios-retry';
import type { GraphnetAuthEvent } from './GraphnetAuthEvent.js';

/**
 * What `attachGraphnetAuth` can be told. Everything is optional; every duration is in milliseconds.
 * A missing or malformed option is an `ERR_GRAPHNET_CONFIG` that names every problem at once.
 */
export interface GraphnetAuthOptions {
  /** The client id that Graphnet allocated. Default: environment variable `GRAPHNET_CLIENT_ID`. */
  clientId?: string;
  /**
   * The client secret, or a function that is asked before every token request (vaults, rotation).
   * A function that makes its own call through the same axios instance must mark that call
   * `{ graphnetAuth: false }`. Default: environment variable `GRAPHNET_CLIENT_SECRET`.
   */
  clientSecret?: string | (() => string | Promise<string>);
  /** The token endpoint. Default: environment variable `GRAPHNET_TOKEN_URL`, else Graphnet's production endpoint. */
  tokenUrl?: string;
  /**
   * Origins, beyond those of `baseURL` and `tokenUrl`, that may receive the token (`https://api.example.org`).
   * Default: none; but without a `baseURL` every origin may, unless a list is given, be it empty.
   */
  allowedOrigins?: readonly string[];
  /** Permit plain `http:` to hosts that are not loopback. For test networks only. Default: `false`. */
  allowInsecureHttp?: boolean;
  /**
   * Axios config for the token request alone (`timeout`, `proxy`, `httpsAgent`, `headers`, …); it wins over
   * the instance's transport settings. What the request is and how its answer is read stays as it is: method, body,
   * `Content-Type`, no redirects, at most 1 MiB. Default: `{ timeout: 10_000 }`.
   */
  tokenRequest?: Omit<AxiosRequestConfig, 'url' | 'baseURL' | 'method' | 'data' | 'params' | 'signal' | 'cancelToken'>;
  /**
   * axios-retry config for the token request. Default: 3 retries, exponential, `Retry-After` honoured.
   * Its hooks are handed axios-retry's own errors, whose config holds the secret: do not log them.
   */
  tokenRetry?: IAxiosRetryConfig;
  /** A store that processes share, such as a `Keyv` instance. Default: none, tokens stay in memory. */
  store?: GraphnetTokenStore;
  /** Told what happens, for logs and metrics. Never handed a secret, a token, a path, a query string or a body. Default: none. */
  onEvent?: (event: GraphnetAuthEvent) => void;
}

/** The three methods of a shared store. A `Keyv` instance is one. Its failures never fail a request. */
export interface GraphnetTokenStore {
  get(key: string): Promise<unknown>;
  /** `ttlMs` is how long the entry may live, in milliseconds: for a token, its remaining life. */
  set(key: string, value: string, ttlMs: number): Promise<unknown>;
  delete(key: string): Promise<unknown>;
}

/** The payload of the JWT. Graphnet does not document the names of the claims that list the permitted APIs. */
export interface GraphnetClaims {
  exp?: number;
  iat?: number;
  [claim: string]: unknown;
}

/** An access token. Prints redacted; `value` is the only way to the token itself. */
export interface AccessToken {
  /** The token, as it stands after `Bearer `. */
  readonly value: string;
  /** The decoded payload of the JWT; empty where the token is not a JWT. */
  readonly claims: Readonly<GraphnetClaims>;
  /** When the token expires, on the authorisation server's clock. */
  readonly expiresAt: Date;
}

/** The handle that `attachGraphnetAuth` returns. Pass it as `options` to share its token with another instance. */
export interface GraphnetAuth {
  /** The current token, or a new one. Rejects with a `GraphnetAuthError`. */
  getToken(): Promise<AccessToken>;
  /** Discards the current token, abandons a token request under way, and ends the pause after one that failed. */
  invalidate(): void;
  /** Takes the interceptors off the instance again. Idempotent. */
  detach(): void;
}

declare module 'axios' {
  // The type parameters have to repeat those of axios 1.21; older axios needs `skipLibCheck`.
  // eslint-disable-next-line @typescript-eslint/no-unused-vars
  interface AxiosRequestConfig<D = any, P = any> {
    /** `false` leaves this request alone: no token, no replay. From axios-graphnet-auth. */
    graphnetAuth?: boolean;
  }
}
