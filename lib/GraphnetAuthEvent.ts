import type { GraphnetAuthErrorCode } from './GraphnetAuthError.js';

/** The request that an event is about: no path, no query, no body, for FHIR URLs hold NHS numbers. */
export interface RequestSummary {
  /** In capitals, such as `GET`. */
  readonly method: string;
  /** Such as `https://api.example.org`; empty where the request names none. */
  readonly origin: string;
}

/** Why a request that got a 401 was not replayed: the caller got the 401. */
export type NotReplayedReason =
  /** A redirect had led to another origin, which is not sent the token: the 401 is not about it (R21). */
  | 'other-origin'
  /** The body is a stream, which can be read only once (R11). */
  | 'one-shot-body'
  /** This call has been replayed before (R7). */
  | 'already-replayed'
  /** 401s have caused five token requests within a minute (R9). */
  | 'storm-limit';

/** What `onEvent` is told; told apart by `type`. */
export type GraphnetAuthEvent =
  | { readonly type: 'token-received'; readonly source: 'endpoint' | 'store'; readonly expiresAt: Date }
  | { readonly type: 'token-failed'; readonly code: GraphnetAuthErrorCode; readonly status: number | undefined }
  | { readonly type: 'token-discarded'; readonly cause: '401' | 'invalidate' }
  | ({ readonly type: 'replayed' } & RequestSummary)
  | ({ readonly type: 'not-replayed'; readonly reason: NotReplayedReason } & RequestSummary)
  /** A 401 that asks for other credentials than the token, such as API Management's subscription key (R8). */
  | ({ readonly type: 'other-challenge'; readonly schemes: readonly string[] } & RequestSummary)
  /** A 403: the token does not reach this API. `claims` are the names of its claims (R10). */
  | ({ readonly type: 'forbidden'; readonly claims: readonly string[] } & RequestSummary)
  /** The request went without the token, for its origin is not trusted (R21). */
  | ({ readonly type: 'untrusted-origin' } & RequestSummary)
  | {
      readonly type: 'store-failed';
      readonly operation: 'get' | 'set' | 'delete';
      /** `not-kept`: what was written is not there; the store is full, or another process was quicker. */
      readonly reason: 'error' | 'timeout' | 'corrupt' | 'not-kept';
    };

export type Emit = (event: GraphnetAuthEvent) => void;

/** R27: whatever the app's listener does, thrown or rejected, no request notices. */
export function createEmit(onEvent: ((event: GraphnetAuthEvent) => unknown) | undefined): Emit {
  return (event) => {
    try {
      Promise.resolve(onEvent?.(event)).catch(() => undefined);
    } catch {
      // The listener's own affair.
    }
  };
}
