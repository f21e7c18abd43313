/** What is measured, by the name of its file in peers/. */
export const plugins = {
  bare: 'bare axios',
  staticHeader: 'a static header',
  graphnetAuth: '**axios-graphnet-auth**',
  handRolled: 'hand-rolled, as most apps have it',
  oauthClient: 'axios-oauth-client + axios-token-interceptor',
  authRefresh: 'axios-auth-refresh',
};

const { bare, staticHeader, ...rest } = plugins;

/** Those that get themselves a token. */
export const tokenPlugins = rest;

/** Differs from axios-auth-refresh only where many calls are under way. */
export const unpausedAuthRefresh = { authRefreshUnpaused: 'axios-auth-refresh, `deduplicateRefresh: false`' };
