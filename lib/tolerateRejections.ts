import type { AxiosResponseTransformer, InternalAxiosRequestConfig } from 'axios';

const tolerant = new WeakMap<AxiosResponseTransformer, AxiosResponseTransformer>();

/** R6: a parser of the app's that throws at the body of a 401 would hide the 401; it then goes through unparsed. */
function tolerate(transform: AxiosResponseTransformer): AxiosResponseTransformer {
  const known = tolerant.get(transform);
  if (known) return known;
  const wrapped: AxiosResponseTransformer = function (data, headers, status) {
    try {
      return transform.call(this, data, headers, status) as unknown;
    } catch (error) {
      if (status !== 401) throw error;
      return data as unknown;
    }
  };
  tolerant.set(transform, wrapped);
  // A config that is sent again has them wrapped already.
  tolerant.set(wrapped, wrapped);
  return wrapped;
}

export function tolerateRejections(config: InternalAxiosRequestConfig): void {
  const { transformResponse } = config;
  if (!transformResponse) return;
  config.transformResponse = Array.isArray(transformResponse)
    ? transformResponse.map(tolerate)
    : tolerate(transformResponse);
}
