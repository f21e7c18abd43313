import type { AxiosHeaders, AxiosResponse } from 'axios';

/** A header of an answer; axios makes AxiosHeaders of whatever an adapter answers with. */
export function responseHeader(response: AxiosResponse | undefined, name: string): string | undefined {
  const value = (response?.headers as AxiosHeaders | undefined)?.get(name);
  return typeof value === 'string' ? value : Array.isArray(value) ? value.join(', ') : undefined;
}
