import type { AxiosInstance, AxiosResponse } from 'axios';
import { setAuthorization } from './authorizationHeader.js';
import type { RequestNote } from './requestNote.js';
import type { Token } from './Token.js';

interface NodeStream {
  on(event: 'error', listener: () => void): NodeStream;
  destroy(): void;
}

/** Frees the socket of a streamed answer that nobody will read. */
export function letGo({ data }: AxiosResponse<unknown>): void {
  if (data instanceof ReadableStream) data.cancel().catch(() => undefined);
  else if (typeof data === 'object' && data !== null && 'pipe' in data) {
    (data as unknown as NodeStream).on('error', () => undefined).destroy();
  }
}

/**
 * Sends the request again as it was first sent: already transformed, and past the app's interceptors. The outcome
 * carries the app's own config object, so that nobody can tell a replay from a first try.
 *
 * @param token `undefined` for a caller that has aborted: axios then rejects before anything is sent.
 */
export async function replay(bare: AxiosInstance, note: RequestNote, token: Token | undefined) {
  const { config, adapter } = note;
  if (token) {
    setAuthorization(config, token.header);
    note.token = token;
    note.sentAtMs = Date.now();
  }
  note.isReplayed = true;
  note.hasLeftOrigin = false;
  // A plain object: axios before 1.6 drops a header that is `false` when it merges AxiosHeaders.
  const headers = { ...config.headers };
  try {
    const response = await bare.request({ ...config, adapter: adapter!, headers, transformRequest: [] });
    response.config = config;
    // What the app makes of the config from here on is a call of its own.
    note.isReplayed = response.status === 401;
    return response;
  } catch (error) {
    const failed = error as { config?: unknown; response?: AxiosResponse } | undefined;
    if (failed?.config) failed.config = config;
    if (failed?.response) failed.response.config = config;
    throw error;
  }
}
