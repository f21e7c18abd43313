import type { GraphnetTokenStore } from '../../lib/index.js';

/** What a store holds: everything, leases aside. */
export interface RecordedStore extends GraphnetTokenStore {
  entries: Map<string, { value: string; ttlMs: number }>;
}

export function recorded(store: GraphnetTokenStore): RecordedStore {
  const entries = new Map<string, { value: string; ttlMs: number }>();
  return {
    entries,
    get: (key) => store.get(key),
    set: (key, value, ttlMs) => {
      if (!key.endsWith(':lease')) entries.set(key, { value, ttlMs });
      return store.set(key, value, ttlMs);
    },
    delete: (key) => {
      entries.delete(key);
      return store.delete(key);
    },
  };
}
