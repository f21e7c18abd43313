/** The global timer, so that the fake timers of an app's tests govern it. */
export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** One moment on both local clocks. */
export interface Moment {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

export const now = (): Moment => ({ wallMs: Date.now(), monotonicMs: performance.now() });

/**
 * The wall clock can be set back and the monotonic clock sleeps with the machine,
 * so of the two elapsed times the longer is the one that never keeps a token too long.
 */
export const elapsedMs = (since: Moment): number =>
  Math.max(Date.now() - since.wallMs, performance.now() - since.monotonicMs);

/** By either clock, as `elapsedMs` has it. */
export const isPast = ({ wallMs, monotonicMs }: Moment, nowMs = Date.now()): boolean =>
  nowMs >= wallMs || performance.now() >= monotonicMs;
