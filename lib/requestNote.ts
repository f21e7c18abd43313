import type { InternalAxiosRequestConfig } from 'axios';
import { authorizationName } from './authorizationHeader.js';
import type { Destination } from './destination.js';
import type { RequestSummary } from './GraphnetAuthEvent.js';
import type { Token } from './Token.js';

type Config = InternalAxiosRequestConfig;
type BeforeRedirect = NonNullable<Config['beforeRedirect']>;

/** What is kept of a request that carries the token, to know it again in the answer, or when the app sends it again. */
export interface RequestNote {
  /** As it went to the adapter, which may answer with a copy that it has changed. */
  readonly config: Config;
  /** An adapter may take itself off the config, as axios-mock-adapter does: a replay without it would be real. */
  readonly adapter: Config['adapter'];
  /** The app's own. */
  readonly beforeRedirect: BeforeRedirect | undefined;
  readonly destination: Destination;
  /** The one that it was sent with last. */
  token: Token;
  sentAtMs: number;
  /** R7: a call is replayed once, also when its config is sent again. */
  isReplayed: boolean;
  /** A redirect has led it to an origin that is not sent the token. */
  hasLeftOrigin: boolean;
}

const NOTE = Symbol('axios-graphnet-auth');

/** Holds the note out of reach, for configs end up in logs. */
class Mark {
  readonly #note: RequestNote;

  constructor(note: RequestNote) {
    this.#note = note;
  }

  static noteOn(mark: Mark): RequestNote {
    return mark.#note;
  }
}

type Guard = BeforeRedirect & { [NOTE]?: Mark };

/**
 * R21: takes the token off a redirect that leaves the origin; axios before 1.19 lets it follow to a subdomain, and every
 * axios from http: to https:.
 */
function createGuard(note: RequestNote): Guard {
  return (...redirect) => {
    const [{ href, headers }] = redirect as unknown as [{ href: string; headers: Record<string, unknown> }];
    if (!URL.canParse(href) || new URL(href).origin !== note.destination.origin) {
      note.hasLeftOrigin = true;
      const name = authorizationName(headers);
      if (name) delete headers[name];
    }
    note.beforeRedirect?.(...redirect);
  };
}

export function noteOf(config: Config | undefined): RequestNote | undefined {
  const mark = (config?.beforeRedirect as Guard | undefined)?.[NOTE];
  return mark && Mark.noteOn(mark);
}

/** On the guard, for that goes wherever the config goes, and each key more on a config costs axios as much as all of this. */
export function putNote(note: RequestNote): void {
  const guard = createGuard(note);
  guard[NOTE] = new Mark(note);
  note.config.beforeRedirect = guard;
}

/** What events say of a request. R20: no path, for FHIR URLs hold NHS numbers. */
export const summarize = ({ method }: Config, { origin }: Destination): RequestSummary => ({
  method: String(method).toUpperCase(),
  origin,
});
