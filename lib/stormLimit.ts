import { elapsedMs, now, type Moment } from './clock.js';

const WINDOW_MS = 60_000;
const MAX_IN_WINDOW = 5;

/** R9: how many token requests 401s may cause within a minute. */
export function createStormLimit() {
  let counted: Moment[] = [];
  return {
    /** Whether a 401 may cause one more. */
    admits(): boolean {
      counted = counted.filter((moment) => elapsedMs(moment) <= WINDOW_MS);
      return counted.length < MAX_IN_WINDOW;
    },
    count(): void {
      counted.push(now());
    },
  };
}
