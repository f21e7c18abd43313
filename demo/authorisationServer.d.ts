/** For the tests, which hold the package against the same server. */
export function startAuthorisationServer(options: {
  clientId: string;
  clientSecret: string;
  lifeSeconds: number;
}): Promise<{
  issuer: string;
  audience: string;
  tokenUrl: string;
  jwksUrl: string;
  counts: { tokenRequests: number };
  requests: {
    method: string;
    headers: Record<string, string | undefined>;
    form: Record<string, unknown> | undefined;
  }[];
  stop(): void;
}>;
