// To read the sources in the order in which data flows, follow the imports of `attachGraphnetAuth`: requestInterceptor →
// tokenSource → askForToken → requestToken → parseTokenResponse, then responseInterceptor → replay.
// R-numbers are the rules of the contract, `__tests__/contract.md`.
export { attachGraphnetAuth } from './attachGraphnetAuth.js';
export { GraphnetAuthError, isGraphnetAuthError } from './GraphnetAuthError.js';
export type { GraphnetAuthErrorCode, GraphnetAuthErrorDetails } from './GraphnetAuthError.js';
export type { GraphnetAuthEvent, NotReplayedReason, RequestSummary } from './GraphnetAuthEvent.js';
export type { AccessToken, GraphnetAuth, GraphnetAuthOptions, GraphnetClaims, GraphnetTokenStore } from './types.js';
