import type { InternalAxiosRequestConfig } from 'axios';

type Config = InternalAxiosRequestConfig;

/** A string key, for symbols are lost when axios before 1.19 merges configs. */
const KEY = 'axios-graphnet-auth';

/**
 * What the package notes on a config that carries the token, to know it again in the answer, or when the app sends it
 * again. A class, for axios copies plain objects when it merges configs; private, for configs end up in logs.
 */
export class RequestNote {
  readonly #config: Config;
  /** An adapter may take itself off the config, as axios-mock-adapter does: a replay without it would be real. */
  readonly #adapter: Config['adapter'];
  /** R7: a call is replayed once, also when its config is sent again. */
  isReplayed: boolean;

  constructor(config: Config, isReplayed: boolean) {
    this.#config = config;
    this.#adapter = config.adapter;
    this.isReplayed = isReplayed;
  }

  /** The config as it went to the adapter, which may have answered with a copy that it has changed. */
  get config(): Config {
    return this.#config;
  }

  get adapter(): Config['adapter'] {
    return this.#adapter;
  }

  static of(config: Config | undefined): RequestNote | undefined {
    return (config as { [KEY]?: RequestNote } | undefined)?.[KEY];
  }

  static put(config: Config, note: RequestNote | undefined): void {
    (config as { [KEY]?: RequestNote | undefined })[KEY] = note;
  }
}
