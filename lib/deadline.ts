import { GraphnetAuthError } from './GraphnetAuthError.js';

const DEADLINE_MS = 30_000;

/** R23: over everything that a token request consists of, the secret's vault included. */
export interface Deadline {
  readonly signal: AbortSignal;
  readonly leftMs: () => number;
}

export async function withDeadline<T>(work: (deadline: Deadline) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const endsAtMs = performance.now() + DEADLINE_MS;
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      controller.abort();
      const message = `No access token within ${DEADLINE_MS / 1000} s; is the token endpoint or the clientSecret function hanging?`;
      reject(new GraphnetAuthError('ERR_GRAPHNET_TOKEN_REQUEST', message));
    }, DEADLINE_MS);
  });
  try {
    return await Promise.race([
      work({ signal: controller.signal, leftMs: () => endsAtMs - performance.now() }),
      expiry,
    ]);
  } finally {
    clearTimeout(timer);
  }
}
