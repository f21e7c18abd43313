import type { GraphnetAuthEvent } from './GraphnetAuthEvent.js';

export type Emit = (event: GraphnetAuthEvent) => void;

/** R27: whatever the app's listener does, thrown or rejected, no request notices. */
export function createEmit(onEvent: ((event: GraphnetAuthEvent) => unknown) | undefined): Emit {
  return (event) => {
    new Promise((resolve) => resolve(onEvent?.(event))).catch(() => undefined);
  };
}
