import type { AxiosInstance } from 'axios';
import { authorizationName } from './authorizationHeader.js';
import { bareInstance } from './bareInstance.js';
import { createDestinations } from './destination.js';
import { createEmit, type Emit } from './emit.js';
import { atBothEnds, atOnce, placeInnermost, type Manager } from './innermost.js';
import { createRequestInterceptor } from './requestInterceptor.js';
import { requestToken } from './requestToken.js';
import { configError, resolveOptions, type ResolvedOptions } from './resolveOptions.js';
import { createResponseInterceptor } from './responseInterceptor.js';
import { createSharedStore } from './sharedStore.js';
import { toAccessToken } from './Token.js';
import { createTokenSource, type TokenSource } from './tokenSource.js';
import type { GraphnetAuth, GraphnetAuthOptions } from './types.js';

/** What a handle stands for; out of reach of whoever prints the handle. */
interface Sharing {
  readonly source: TokenSource;
  readonly options: ResolvedOptions;
  readonly emit: Emit;
}

const sharings = new WeakMap<object, Sharing>();
const attachments = new WeakMap<object, GraphnetAuth>();

function isAxiosInstance(value: unknown): value is AxiosInstance {
  const { interceptors, defaults, request, create } = (value ?? {}) as Partial<AxiosInstance>;
  return (
    [interceptors?.request?.use, interceptors?.response?.use, request, create].every(
      (part) => typeof part === 'function',
    ) && typeof defaults === 'object'
  );
}

/** R15: a header among the defaults would silently win over every token. */
function findInstanceProblems(instance: unknown): string[] {
  if (!isAxiosInstance(instance)) return ['the first argument must be an axios instance, as axios.create() makes it'];
  const headers = (instance.defaults.headers ?? {}) as Record<string, unknown>;
  return [headers, ...Object.values(headers)].some((group) => authorizationName(group as Record<string, unknown>))
    ? ["the instance's default headers hold an Authorization, which would win over the token; remove it"]
    : [];
}

function createSharing(instance: AxiosInstance, options: ResolvedOptions): Sharing {
  const emit = createEmit(options.onEvent);
  const store = options.store && createSharedStore(options.store, options, emit);
  const request = (abandoned: AbortSignal) => requestToken(instance, options, abandoned);
  return { source: createTokenSource(request, emit, store), options, emit };
}

function attachInterceptors(instance: AxiosInstance, { source, options, emit }: Sharing): () => void {
  const bare = bareInstance(instance);
  const destinationOf = createDestinations(instance, bare, options);
  const { addToken, prepare, addTokenNow } = createRequestInterceptor({ source, bare, destinationOf, emit });
  const { onFulfilled, onRejected } = createResponseInterceptor({ source, bare, emit });
  const { request, response } = instance.interceptors;
  const [requests, responses] = [request, response] as unknown as [Manager, Manager];
  const immediate = atOnce(addTokenNow);
  // Axios before 1.19 shows those that the app has for answers nothing of what fails within the call.
  const mayAddNow = () => responses.handlers?.length === 1 && prepare();

  const detachRequest = placeInnermost(requests, request.use(addToken), (own, visit, visitOthers) => {
    if (!visitOthers) return visit(mayAddNow() ? immediate : own);
    const handler = atBothEnds(addToken);
    visit(handler);
    visitOthers();
    visit(handler);
  });
  const detachResponse = placeInnermost(responses, response.use(onFulfilled, onRejected), (own, visit, visitOthers) => {
    visit(own);
    visitOthers?.();
  });
  return () => {
    detachRequest();
    detachResponse();
  };
}

/**
 * Makes every request of an axios instance carry a Graphnet access token, and heals a 401 once.
 *
 * @param instance the app's own instance, or the global `axios` object.
 * @param options see {@link GraphnetAuthOptions}; or the handle of another attachment, to share its token.
 * @throws GraphnetAuthError `ERR_GRAPHNET_CONFIG`, naming everything that is wrong at once.
 */
export function attachGraphnetAuth(
  instance: AxiosInstance,
  options: GraphnetAuthOptions | GraphnetAuth = {},
): GraphnetAuth {
  const problems = findInstanceProblems(instance);
  const shared = sharings.get(options);
  if (shared && problems.length > 0) throw configError(problems);
  const sharing = shared ?? createSharing(instance, resolveOptions(options, problems));

  attachments.get(instance)?.detach();
  const auth: GraphnetAuth = {
    getToken: async () => toAccessToken(await sharing.source.get()),
    invalidate: () => sharing.source.invalidate(),
    detach: attachInterceptors(instance, sharing),
  };
  sharings.set(auth, sharing);
  attachments.set(instance, auth);
  return auth;
}
