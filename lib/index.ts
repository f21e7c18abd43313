export { attachGraphnetAuth } from './attachGraphnetAuth.js';
export { GraphnetAuthError, isGraphnetAuthError } from './GraphnetAuthError.js';
export type { GraphnetAuthErrorCode, GraphnetAuthErrorDetails } from './GraphnetAuthError.js';
export type { GraphnetAuthEvent, NotReplayedReason, RequestSummary } from './GraphnetAuthEvent.js';
export type { AccessToken, GraphnetAuth, GraphnetAuthOptions, GraphnetClaims, GraphnetTokenStore } from './types.js';
