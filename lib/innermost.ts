/** How axios keeps an interceptor. `handlers` is public since axios 1.13; `forEach` is how axios walks the list. */
export interface Handler {
  readonly fulfilled: unknown;
  readonly rejected: unknown;
  readonly synchronous?: boolean;
}

type Visit = (handler: Handler) => void;

export interface Manager {
  handlers?: (Handler | null)[] | null;
  forEach(visit: Visit): void;
  eject(id: number): void;
}

/**
 * Lets axios come across our interceptor, registered with `use` like any other, at a place of its own: next to the
 * adapter, whenever the app has registered its own ones (R12). The list itself stays as it is, for the ids that the
 * app holds are positions in it.
 *
 * @param walk calls `visit` for our handler and `visitOthers` once for all the others; without the latter it stands alone.
 * @returns what takes the interceptor off again.
 */
export function placeInnermost(
  manager: Manager,
  id: number,
  walk: (own: Handler, visit: Visit, visitOthers: (() => void) | undefined) => void,
): () => void {
  const own = manager.handlers?.at(-1);
  const outer = Object.getOwnPropertyDescriptor(manager, 'forEach');
  const visitAll = manager.forEach;
  function forEach(this: Manager, visit: Visit): void {
    const { handlers } = manager;
    // The usual case, made short.
    if (own && handlers?.length === 1 && handlers[0] === own && !outer) return walk(own, visit, undefined);
    if (!own || !handlers?.includes(own)) return visitAll.call(manager, visit);
    walk(own, visit, () =>
      visitAll.call(manager, (handler) => {
        if (handler !== own) visit(handler);
      }),
    );
  }
  Object.defineProperty(manager, 'forEach', { value: forEach, configurable: true, writable: true });
  return () => {
    // Before axios 1.20 an id is a position, which is another's when the app has cleared the list.
    if (!own || manager.handlers?.includes(own)) manager.eject(id);
    if (manager.forEach !== forEach) return;
    if (outer) Object.defineProperty(manager, 'forEach', outer);
    else Reflect.deleteProperty(manager, 'forEach');
  };
}

/**
 * One handler for both orders in which axios may run request interceptors: offered first and last, it acts where it is
 * run second, next to the adapter. Asking `transitional` instead would be to guess how each axios reads it.
 */
export function atBothEnds<Config>(fulfilled: (config: Config) => Config | Promise<Config>): Handler {
  let hasPassed = false;
  return {
    fulfilled: (config: Config) => {
      if (hasPassed) return fulfilled(config);
      hasPassed = true;
      return config;
    },
    rejected: undefined,
  };
}

/**
 * Run within the call itself, as axios runs interceptors that are `synchronous`. What it throws there would be lost
 * before axios 1.19, which calls a `rejected` that is not there; so the adapter rejects in its place, before which there
 * is to be no other failure.
 */
export function atOnce<Config extends object>(fulfilled: (config: Config) => Config | Promise<Config>): Handler {
  return {
    fulfilled: (config: Config) => {
      try {
        return fulfilled(config);
      } catch (error) {
        return Object.assign(config, { adapter: () => Promise.reject(error), transformRequest: [] });
      }
    },
    rejected: undefined,
    synchronous: true,
  };
}
