import { GraphnetAuthError } from './GraphnetAuthError.js';
import type { GraphnetAuthOptions } from './types.js';

const PRODUCTION_TOKEN_URL = 'https://coret1.syhapp.com/vlive/hpca/oauth/token';

/** The options, checked, with the environment and the defaults filled in. */
export interface ResolvedOptions extends Omit<GraphnetAuthOptions, 'tokenUrl' | 'allowedOrigins'> {
  readonly tokenRequest: NonNullable<GraphnetAuthOptions['tokenRequest']>;
  readonly tokenRetry: NonNullable<GraphnetAuthOptions['tokenRetry']>;
  readonly clientId: string;
  readonly clientSecret: string | (() => string | Promise<string>);
  readonly tokenUrl: URL;
  /** `undefined` where the app gave no list: an empty one is a list too (R21). */
  readonly allowedOrigins: readonly string[] | undefined;
  readonly allowInsecureHttp: boolean;
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== '';
const isFunction = (value: unknown) => typeof value === 'function';

/** An `http:` or `https:` URL, or `undefined`. */
function parseHttpUrl(text: unknown): URL | undefined {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
  return url && /^https?:$/.test(url.protocol) && !url.username && !url.password ? url : undefined;
}

function isOrigin(text: unknown): boolean {
  const url = parseHttpUrl(text);
  return url !== undefined && url.pathname === '/' && !url.search && !url.hash && !url.hostname.includes('*');
}

const CHECKS: Record<keyof GraphnetAuthOptions, [isRight: (value: unknown) => boolean, problem: string]> = {
  clientId: [isText, '(or GRAPHNET_CLIENT_ID) must be a string that is not empty'],
  clientSecret: [
    (value) => isText(value) || isFunction(value),
    '(or GRAPHNET_CLIENT_SECRET) must be a string that is not empty, or a function',
  ],
  tokenUrl: [
    (value) => parseHttpUrl(value) !== undefined,
    '(or GRAPHNET_TOKEN_URL) must be an http(s) URL without user name and password',
  ],
  allowedOrigins: [
    (value) => Array.isArray(value) && Array.from(value).every(isOrigin),
    'must be a list of origins such as https://api.example.org, without wildcards',
  ],
  allowInsecureHttp: [(value) => typeof value === 'boolean', 'must be true or false'],
  tokenRequest: [isObject, 'must be an axios config'],
  tokenRetry: [isObject, 'must be an axios-retry config'],
  store: [
    (value) => isObject(value) && ['get', 'set', 'delete'].every((name) => isFunction(Reflect.get(value, name))),
    'must have the methods get, set and delete, as a Keyv instance has',
  ],
  onEvent: [isFunction, 'must be a function'],
};

const REQUIRED = new Set<string>(['clientId', 'clientSecret', 'tokenUrl']);

export function configError(problems: readonly string[]): GraphnetAuthError {
  return new GraphnetAuthError('ERR_GRAPHNET_CONFIG', `attachGraphnetAuth cannot start: ${problems.join('; ')}.`);
}

/** Everything that is wrong with the options, by name and never by value. */
function findProblems(options: object): string[] {
  const unknown = Object.keys(options).filter((name) => !Object.hasOwn(CHECKS, name));
  const wrong = Object.entries(CHECKS).filter(([name, [isRight]]) => {
    const value: unknown = Reflect.get(options, name);
    return (value !== undefined || REQUIRED.has(name)) && !isRight(value);
  });
  return [
    ...wrong.map(([name, [, problem]]) => `${name} ${problem}`),
    ...unknown.map((name) => `${name} is not an option`),
  ];
}

/** An option that is `undefined` is one that is not given. */
const given = <T extends object>(options: T): T =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;

/** @param problems those of the caller's, so that all are named at once. */
export function resolveOptions(options: unknown, problems: readonly string[]): ResolvedOptions {
  const { GRAPHNET_CLIENT_ID, GRAPHNET_CLIENT_SECRET, GRAPHNET_TOKEN_URL } = process.env;
  const merged = {
    clientId: GRAPHNET_CLIENT_ID,
    clientSecret: GRAPHNET_CLIENT_SECRET,
    tokenUrl: GRAPHNET_TOKEN_URL || PRODUCTION_TOKEN_URL,
    ...(isObject(options) && given<GraphnetAuthOptions>(options)),
  };
  const all = [...problems, ...(isObject(options) ? [] : ['options must be an object']), ...findProblems(merged)];
  if (all.length > 0) throw configError(all);
  return {
    ...merged,
    clientId: merged.clientId!,
    clientSecret: merged.clientSecret!,
    tokenUrl: new URL(merged.tokenUrl),
    tokenRequest: given(merged.tokenRequest ?? {}),
    tokenRetry: given(merged.tokenRetry ?? {}),
    allowedOrigins: merged.allowedOrigins?.map((origin) => new URL(origin).origin),
    allowInsecureHttp: merged.allowInsecureHttp ?? false,
  };
}
