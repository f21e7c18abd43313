import { elapsedMs, now, type Moment } from './clock.js';
import type { GraphnetAuthError } from './GraphnetAuthError.js';

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;

/** R25: after a failed token request everybody shares its failure for a while; each further failure doubles the while. */
export function createFailurePause() {
  let failure: { error: GraphnetAuthError; at: Moment; pauseMs: number } | undefined;
  return {
    /** The failure to share, while the pause lasts. */
    current: (): GraphnetAuthError | undefined =>
      failure && elapsedMs(failure.at) < failure.pauseMs ? failure.error : undefined,
    begin(error: GraphnetAuthError): void {
      const pauseMs = failure ? Math.min(failure.pauseMs * 2, LONGEST_PAUSE_MS) : FIRST_PAUSE_MS;
      failure = { error, at: now(), pauseMs };
    },
    reset(): void {
      failure = undefined;
    },
  };
}
