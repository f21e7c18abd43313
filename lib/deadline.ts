import { GraphnetAuthError } from './GraphnetAuthError.js';

const DEADLINE_MS = 30_000;

/** R23: over everything that a token request consists of, the secret's vault included. */
export interface Deadline {
  readonly signal: AbortSignal;
  readonly leftMs: () => number;
}

/** @param abandoned ends the work at once, for nobody wants its outcome any more. */
export async function withDeadline<T>(work: (deadline: Deadline) => Promise<T>, abandoned: AbortSignal): Promise<T> {
  const controller = new AbortController();
  const endsAtMs = performance.now() + DEADLINE_MS;
  let end!: (reason: unknown) => void;
  const ended = new Promise<never>((_, reject) => (end = reject));
  const timer = setTimeout(() => {
    const message = `No access token within ${DEADLINE_MS / 1000} s; is the token endpoint or the clientSecret function hanging?`;
    end(new GraphnetAuthError('ERR_GRAPHNET_TOKEN_REQUEST', message));
  }, DEADLINE_MS);
  abandoned.addEventListener('abort', end);
  try {
    return await Promise.race([work({ signal: controller.signal, leftMs: () => endsAtMs - performance.now() }), ended]);
  } finally {
    clearTimeout(timer);
    abandoned.removeEventListener('abort', end);
    controller.abort();
  }
}
