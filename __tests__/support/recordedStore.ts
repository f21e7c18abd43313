import type { GraphnetTokenStore } from '../../lib/index.js';

/** What a store holds: everything, leases aside. */
export interface RecordedStore extends GraphnetTokenStore {
  entries: Map<string, { value: string; ttlMs: number }>;
  /** Whether nothing is asked of it: it may be closed, and is not opened again. */
  isIdle(): boolean;
}

export function recorded(store: GraphnetTokenStore): RecordedStore {
  const entries = new Map<string, { value: string; ttlMs: number }>();
  let underWay = 0;
  const counted = <T>(operation: Promise<T>): Promise<T> => {
    underWay += 1;
    return operation.finally(() => (underWay -= 1));
  };
  return {
    entries,
    isIdle: () => underWay === 0,
    get: (key) => counted(store.get(key)),
    set: (key, value, ttlMs) => {
      if (!key.endsWith(':lease')) entries.set(key, { value, ttlMs });
      return counted(store.set(key, value, ttlMs));
    },
    delete: (key) => {
      entries.delete(key);
      return counted(store.delete(key));
    },
  };
}
