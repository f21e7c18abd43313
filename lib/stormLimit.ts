import { elapsedMs, now, type Moment } from './clock.js';

const WINDOW_MS = 60_000;
const MAX_IN_WINDOW = 5;

/** R9: how often within a minute a 401 may discard a token, and so cause a token request. */
export function createStormLimit() {
  let admitted: Moment[] = [];
  /** Counts one discard, unless there have been too many. */
  return function admit(): boolean {
    admitted = admitted.filter((moment) => elapsedMs(moment) < WINDOW_MS);
    if (admitted.length >= MAX_IN_WINDOW) return false;
    admitted.push(now());
    return true;
  };
}
