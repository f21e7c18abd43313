import type { AxiosInstance } from 'axios';

/**
 * A sibling that sends a config as it is: the app's copy of axios, but none of its interceptors, and no defaults
 * that would bring back what an interceptor of the app has removed.
 */
export function bareInstance(instance: AxiosInstance): AxiosInstance {
  const bare = instance.create();
  // An app may have patched `create` to add some to every instance.
  bare.interceptors.request.clear();
  bare.interceptors.response.clear();
  for (const key of Object.keys(bare.defaults)) delete (bare.defaults as Record<string, unknown>)[key];
  return bare;
}
