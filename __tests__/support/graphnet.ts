import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');

/** A JWT with this payload; nobody here checks its signature. */
export const jwt = (payload: unknown): string =>
  `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(payload)}.c2lnbmF0dXJl`;

export interface Received {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  rawHeaders: string[];
  body: Buffer;
  at: number;
}

export type Handler = (received: Received, response: ServerResponse) => void | Promise<void>;

export interface TestServer {
  origin: string;
  server: Server;
  close(): Promise<void>;
}

/** An HTTP server on a free loopback port. */
export async function listen(handle: Handler): Promise<TestServer> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined);
    request.on('end', () => {
      const { method = '', url = '', headers, rawHeaders } = request;
      void handle({ method, url, headers, rawHeaders, body: Buffer.concat(chunks), at: Date.now() }, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    server,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

export interface Graphnet {
  origin: string;
  tokenUrl: string;
  /** What `attachGraphnetAuth` needs to know. */
  credentials: { clientId: string; clientSecret: string; tokenUrl: string };
  tokenRequests: Received[];
  apiRequests: Received[];
  /** The tokens issued so far, oldest first. */
  issued: string[];
  /** How long new tokens live, in seconds. */
  lifeSeconds: number;
  /** Makes the API answer 401 to every token issued so far. */
  revokeAll(): void;
  /** A new token that the API accepts. */
  issue(claims?: object): string;
  /** Replaces the token endpoint's behaviour; `undefined` restores it. */
  onToken: Handler | undefined;
  /** Replaces what the API does with a request whose token it accepts; `undefined` restores the echo. */
  onApi: Handler | undefined;
  /** Replaces the API's 401; `undefined` restores it. */
  onUnauthorized: Handler | undefined;
  close(): Promise<void>;
}

/** The documented token endpoint and an API behind it, on loopback. */
export async function startGraphnet(): Promise<Graphnet> {
  /** When each token expires, by the server's own record. */
  const valid = new Map<string, number>();
  const server = await listen((received, response) => {
    if (received.url.startsWith('/oauth/token')) {
      graphnet.tokenRequests.push(received);
      if (graphnet.onToken) return graphnet.onToken(received, response);
      return json(response, 200, { token_type: 'Bearer', access_token: graphnet.issue(), refresh_token: null });
    }
    graphnet.apiRequests.push(received);
    const token = received.headers.authorization?.replace(/^Bearer /, '') ?? '';
    if ((valid.get(token) ?? 0) * 1000 <= Date.now()) {
      if (graphnet.onUnauthorized) return graphnet.onUnauthorized(received, response);
      return json(response, 401, { message: 'token refused' });
    }
    if (graphnet.onApi) return graphnet.onApi(received, response);
    return json(response, 200, { method: received.method, url: received.url, body: received.body.toString() });
  });
  const graphnet: Graphnet = {
    origin: server.origin,
    tokenUrl: `${server.origin}/oauth/token`,
    credentials: { clientId: 'trust-a', clientSecret: 's3cret', tokenUrl: `${server.origin}/oauth/token` },
    tokenRequests: [],
    apiRequests: [],
    issued: [],
    lifeSeconds: 3600,
    revokeAll: () => valid.clear(),
    issue(claims = {}) {
      const iat = Math.floor(Date.now() / 1000);
      const exp = iat + graphnet.lifeSeconds;
      const payload = { iat, exp, jti: graphnet.issued.length, apis: ['Patient'], ...claims };
      const token = jwt(payload);
      valid.set(token, payload.exp);
      graphnet.issued.push(token);
      return token;
    },
    onToken: undefined,
    onApi: undefined,
    onUnauthorized: undefined,
    close: server.close,
  };
  return graphnet;
}
