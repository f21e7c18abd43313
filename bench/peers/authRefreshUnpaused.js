import { attach as attachAuthRefresh } from './authRefresh.js';

/** Not what its README recommends, but so it also heals the calls that were under way when the first 401 came. */
export function attach(api, credentials) {
  attachAuthRefresh(api, credentials, { deduplicateRefresh: false });
}
