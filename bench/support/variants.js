/** Who is measured, in the order of the tables. */
export const VARIANTS = {
  bare: 'bare axios',
  staticHeader: 'static header',
  graphnetAuth: 'axios-graphnet-auth',
  oauthClient: 'axios-oauth-client + axios-token-interceptor',
  authRefresh: 'axios-auth-refresh',
  handRolled: 'hand-rolled',
};

export const credentialsFor = (tokenUrl) => ({ clientId: 'bench', clientSecret: 's3cret', tokenUrl });

export const load = async (variant) => (await import(`../peers/${variant}.js`)).attach;
