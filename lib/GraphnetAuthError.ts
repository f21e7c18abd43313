export type GraphnetAuthErrorCode =
  /** Bad or missing options; thrown by `attachGraphnetAuth` itself, naming every problem at once. */
  | 'ERR_GRAPHNET_CONFIG'
  /** The authorisation server refused the credentials. */
  | 'ERR_GRAPHNET_CREDENTIALS'
  /** No usable answer from the token endpoint: network, timeout, 429 or 5xx after the retries; a redirect or another 4xx at once. */
  | 'ERR_GRAPHNET_TOKEN_REQUEST'
  /** The token endpoint answered with something that is not a usable token. */
  | 'ERR_GRAPHNET_TOKEN_RESPONSE'
  /** A secret or token would travel over plain `http:`. */
  | 'ERR_GRAPHNET_INSECURE_URL';

export interface GraphnetAuthErrorDetails {
  /** HTTP status of the token endpoint's answer. */
  status?: number | undefined;
  /** The `error` field of the answer, RFC 6749 section 5.2. */
  oauthError?: string | undefined;
  /** The `error_description` field of the answer, cut short and without secrets. */
  oauthErrorDescription?: string | undefined;
  /** How long the authorisation server asked to be left alone, in milliseconds. */
  retryAfterMs?: number | undefined;
}

/** The one error of this package. Built from scrubbed fields only; it never has a `cause`. */
export class GraphnetAuthError extends Error implements GraphnetAuthErrorDetails {
  override readonly name = 'GraphnetAuthError';
  /** What went wrong, in a word that stays the same between versions. */
  readonly code: GraphnetAuthErrorCode;
  declare readonly status?: number;
  declare readonly oauthError?: string;
  declare readonly oauthErrorDescription?: string;
  declare readonly retryAfterMs?: number;

  constructor(code: GraphnetAuthErrorCode, message: string, details: GraphnetAuthErrorDetails = {}) {
    super(message);
    this.code = code;
    for (const [field, value] of Object.entries<unknown>({ ...details })) {
      if (value !== undefined) Object.assign(this, { [field]: value });
    }
  }

  /** `JSON.stringify` of an Error is otherwise without its message. */
  toJSON(): object {
    return { ...this, message: this.message };
  }
}

/** Whether an error is this package's; narrows it to `GraphnetAuthError`. */
export function isGraphnetAuthError(error: unknown): error is GraphnetAuthError {
  // By name: an app may load both the ESM and the CommonJS build.
  return error instanceof Error && error.name === 'GraphnetAuthError';
}
