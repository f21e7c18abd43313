import type { AxiosInstance, AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import { removeAuthorization } from './authorizationHeader.js';
import { otherSchemes } from './challenges.js';
import type { Emit } from './emit.js';
import type { NotReplayedReason } from './GraphnetAuthEvent.js';
import { isOneShot } from './isOneShot.js';
import { letGo, replay } from './replay.js';
import { responseHeader } from './responseHeader.js';
import { noteOf, summarize, type RequestNote } from './requestNote.js';
import type { TokenSource } from './tokenSource.js';
import { waitForToken } from './waitForToken.js';

type Config = InternalAxiosRequestConfig;

export interface ResponseInterceptorParts {
  readonly source: TokenSource;
  readonly bare: AxiosInstance;
  readonly emit: Emit;
}

const isAuthFailure = (response: AxiosResponse | undefined): response is AxiosResponse =>
  response?.status === 401 || response?.status === 403;

/** R6: heals a 401 by one replay with a new token. */
export function createResponseInterceptor({ source, bare, emit }: ResponseInterceptorParts) {
  /** R7, R9, R11: what stands in the way of a replay. The rejected token is discarded all the same. */
  function findObstacle({ config, token, isReplayed, hasLeftOrigin }: RequestNote): NotReplayedReason | undefined {
    // Who asks for credentials there has not seen the token.
    if (hasLeftOrigin) return 'other-origin';
    if (source.discard(token.header) === 'storm-limit') return 'storm-limit';
    if (isReplayed) return 'already-replayed';
    return isOneShot(config.data) ? 'one-shot-body' : undefined;
  }

  async function heal(response: AxiosResponse, note: RequestNote, passOn: () => AxiosResponse): Promise<AxiosResponse> {
    const { config } = note;
    const summary = summarize(config, note.destination);
    const reason = findObstacle(note);
    if (reason) {
      emit({ type: 'not-replayed', reason, ...summary });
      return passOn();
    }
    // First of all: where agents are short of sockets, the token request may need this very one.
    letGo(response);
    // R20: what is made of the config while the caller waits is to hold no token.
    removeAuthorization(config);
    const token = await waitForToken(config, source.get());
    if (token) emit({ type: 'replayed', ...summary });
    return replay(bare, note, token).then(onFulfilled, onRejected);
  }

  /** @param passOn gives the caller what it would have got without this package. */
  async function settle(response: AxiosResponse, answered: Config | undefined, passOn: () => AxiosResponse) {
    const note = noteOf(answered);
    if (!note) return passOn();
    const { config, token, destination } = note;
    const summary = summarize(config, destination);
    if (response.status === 403) {
      emit({ type: 'forbidden', claims: Object.keys(token.claims), ...summary });
      return passOn();
    }
    const schemes = otherSchemes(responseHeader(response, 'www-authenticate'));
    if (schemes) {
      emit({ type: 'other-challenge', schemes, ...summary });
      return passOn();
    }
    return heal(response, note, passOn);
  }

  function onFulfilled(response: AxiosResponse): AxiosResponse | Promise<AxiosResponse> {
    const { config } = response;
    if (isAuthFailure(response)) return settle(response, config, () => response);
    const note = source.noteAccepted && noteOf(config);
    if (note) source.noteAccepted(note.sentAtMs);
    return response;
  }

  async function onRejected(error: { response?: AxiosResponse; config?: Config } | undefined): Promise<AxiosResponse> {
    const passOn = () => {
      throw error;
    };
    if (!isAuthFailure(error?.response)) return passOn();
    return settle(error.response, error.config ?? error.response.config, passOn);
  }

  return { onFulfilled, onRejected };
}
