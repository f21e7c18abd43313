import type { InternalAxiosRequestConfig } from 'axios';
import type { Destination } from './destination.js';
import type { RequestSummary } from './GraphnetAuthEvent.js';
import type { Token } from './Token.js';

type Config = InternalAxiosRequestConfig;

/** What is kept of a request that carries the token, to know it again in the answer, or when the app sends it again. */
export interface RequestNote {
  /** As it went to the adapter, which may answer with a copy that it has changed. */
  readonly config: Config;
  /** An adapter may take itself off the config, as axios-mock-adapter does: a replay without it would be real. */
  readonly adapter: Config['adapter'];
  readonly destination: Destination;
  /** The one that it was sent with last. */
  token: Token;
  sentAtMs: number;
  /** R7: a call is replayed once, also when its config is sent again. */
  isReplayed: boolean;
  /** A redirect has led it to an origin that is not sent the token. */
  hasLeftOrigin: boolean;
}

/** What events say of a request. R20: no path, for FHIR URLs hold NHS numbers. */
export const summarize = ({ method }: Config, { origin }: Destination): RequestSummary => ({
  method: String(method).toUpperCase(),
  origin,
});

/** A string key, for symbols are lost when axios before 1.19 merges configs. */
const KEY = 'axios-graphnet-auth';

/**
 * What holds the note on the config. A class, for axios copies plain objects when it merges configs; what it holds is out of
 * reach, for configs end up in logs.
 */
class Mark {
  readonly #note: RequestNote;

  constructor(note: RequestNote) {
    this.#note = note;
  }

  /** A deep copy that the app has made of a config bears a mark without a note. */
  static noteOn(mark: object | undefined): RequestNote | undefined {
    return mark && #note in mark ? mark.#note : undefined;
  }
}

const markOf = (config: Config | undefined) => (config as { [KEY]?: object } | undefined)?.[KEY];

export const noteOf = (config: Config | undefined): RequestNote | undefined => Mark.noteOn(markOf(config));

/** Also true of a deep copy. */
export const isNoted = (config: Config): boolean => markOf(config) !== undefined;

export function putNote(config: Config, note: RequestNote | undefined): void {
  (config as { [KEY]?: object | undefined })[KEY] = note && new Mark(note);
}
