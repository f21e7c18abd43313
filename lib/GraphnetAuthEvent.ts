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
  /** A redirect had led to another origin, which is not sent the token: the 401 is not about it. */
  | 'other-origin'
  /** The body is a stream, which can be read only once. */
  | 'one-shot-body'
  /** This call has been replayed before. */
  | 'already-replayed'
  /** 401s have caused five token requests within a minute. */
  | 'storm-limit';

/** What `onEvent` is told; told apart by `type`. */
export type GraphnetAuthEvent =
  | {
      readonly type: 'token-received';
      /** `store`: another process had got it. */
      readonly source: 'endpoint' | 'store';
      /** On the authorisation server's clock. */
      readonly expiresAt: Date;
    }
  | {
      readonly type: 'token-failed';
      readonly code: GraphnetAuthErrorCode;
      /** HTTP status of the token endpoint's answer, if there was one. */
      readonly status: number | undefined;
    }
  | {
      readonly type: 'token-discarded';
      /** Whether the API rejected the token, or the app called `invalidate()`. */
      readonly cause: '401' | 'invalidate';
    }
  | ({ readonly type: 'replayed' } & RequestSummary)
  | ({ readonly type: 'not-replayed'; readonly reason: NotReplayedReason } & RequestSummary)
  | ({
      readonly type: 'other-challenge';
      /** What the 401 asks for instead of the token, such as API Management's subscription key. */
      readonly schemes: readonly string[];
    } & RequestSummary)
  | ({
      readonly type: 'forbidden';
      /** The names of the claims of the token that got the 403. */
      readonly claims: readonly string[];
    } & RequestSummary)
  /** The request went without the token. */
  | ({ readonly type: 'untrusted-origin' } & RequestSummary)
  | {
      readonly type: 'store-failed';
      readonly operation: 'get' | 'set' | 'delete';
      /**
       * `error`: it threw or rejected. `timeout`: it took more than 250 ms. `corrupt`: the entry is not one of this
       * package. `not-kept`: what was written is not there; the store is full, or another process was quicker.
       */
      readonly reason: 'error' | 'timeout' | 'corrupt' | 'not-kept';
    };
