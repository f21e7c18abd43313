import axios, { type AxiosInstance, type CreateAxiosDefaults } from 'axios';
import {
  attachGraphnetAuth,
  type GraphnetAuth,
  type GraphnetAuthEvent,
  type GraphnetAuthOptions,
} from '../../lib/index.js';
import type { Graphnet } from './graphnet.js';

export interface Attached {
  api: AxiosInstance;
  auth: GraphnetAuth;
  events: GraphnetAuthEvent[];
  /** The events of one type. */
  eventsOf(type: GraphnetAuthEvent['type']): GraphnetAuthEvent[];
}

/** An axios instance for the API of `graphnet`, with the package attached. */
export function attach(
  graphnet: Graphnet,
  options: GraphnetAuthOptions = {},
  defaults: CreateAxiosDefaults = {},
): Attached {
  const events: GraphnetAuthEvent[] = [];
  const api = axios.create({ baseURL: graphnet.origin, ...defaults });
  const auth = attachGraphnetAuth(api, { ...graphnet.credentials, onEvent: (event) => events.push(event), ...options });
  return { api, auth, events, eventsOf: (type) => events.filter((event) => event.type === type) };
}
