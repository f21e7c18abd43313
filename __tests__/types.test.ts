import { describe, expect, test } from '@jest/globals';
import axios from 'axios';
import { expectTypeOf } from 'expect-type';
import Keyv from 'keyv';
import {
  attachGraphnetAuth,
  GraphnetAuthError,
  isGraphnetAuthError,
  type AccessToken,
  type GraphnetAuth,
  type GraphnetAuthErrorCode,
  type GraphnetAuthEvent,
  type GraphnetAuthOptions,
  type GraphnetTokenStore,
} from '../lib/index.js';

// What is proven here is proven by the type checker; the tests run so that they are counted.
describe('section 2: the types', () => {
  test('of attachGraphnetAuth', () => {
    expectTypeOf(attachGraphnetAuth).returns.toEqualTypeOf<GraphnetAuth>();
    expectTypeOf(attachGraphnetAuth).parameter(1).toEqualTypeOf<GraphnetAuthOptions | GraphnetAuth | undefined>();
    expectTypeOf<GraphnetAuthOptions>().toExtend<{ clientSecret?: string | (() => string | Promise<string>) }>();
    expectTypeOf<keyof GraphnetAuthOptions>().toEqualTypeOf<
      | 'clientId'
      | 'clientSecret'
      | 'tokenUrl'
      | 'allowedOrigins'
      | 'allowInsecureHttp'
      | 'tokenRequest'
      | 'tokenRetry'
      | 'store'
      | 'onEvent'
    >();
    expect(attachGraphnetAuth).toBeInstanceOf(Function);
  });

  test('of the handle and the token', () => {
    expectTypeOf<GraphnetAuth['getToken']>().returns.resolves.toEqualTypeOf<AccessToken>();
    expectTypeOf<AccessToken['expiresAt']>().toEqualTypeOf<Date>();
    expectTypeOf<AccessToken['claims']['exp']>().toEqualTypeOf<number | undefined>();
    expectTypeOf<AccessToken['claims'][string]>().toBeUnknown();
    // @ts-expect-error a token is not changed
    const change = (token: AccessToken) => (token.value = 'other');
    expect(change).toBeInstanceOf(Function);
  });

  test('of events: told apart by `type`', () => {
    const listen = (event: GraphnetAuthEvent): string => {
      switch (event.type) {
        case 'forbidden':
          expectTypeOf(event.claims).toEqualTypeOf<readonly string[]>();
          return event.origin;
        case 'token-received':
          expectTypeOf(event.expiresAt).toEqualTypeOf<Date>();
          return event.source;
        default:
          // @ts-expect-error not every event has it
          return String(event.claims);
      }
    };
    expect(listen({ type: 'forbidden', claims: [], method: 'GET', origin: 'https://x' })).toBe('https://x');
  });

  test('of errors', () => {
    const error: unknown = new GraphnetAuthError('ERR_GRAPHNET_CONFIG', 'wrong');
    if (isGraphnetAuthError(error)) {
      expectTypeOf(error.code).toEqualTypeOf<GraphnetAuthErrorCode>();
      expectTypeOf(error.retryAfterMs).toEqualTypeOf<number | undefined>();
    }
    expect(isGraphnetAuthError(error)).toBe(true);
    expect(isGraphnetAuthError(new Error('other'))).toBe(false);
    expect(isGraphnetAuthError({ name: 'GraphnetAuthError' })).toBe(false);
  });

  test('of a request: graphnetAuth by module augmentation', () => {
    const request = () => axios.get('/', { graphnetAuth: false });
    // @ts-expect-error it is a boolean
    const wrong = () => axios.get('/', { graphnetAuth: 'no' });
    expect([request, wrong]).toHaveLength(2);
  });

  test('section 5: a Keyv instance is a store', () => {
    expectTypeOf<Keyv>().toExtend<GraphnetTokenStore>();
    const store: GraphnetTokenStore = new Keyv();
    expect(store).toBeInstanceOf(Keyv);
  });
});
