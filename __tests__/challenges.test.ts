import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { otherSchemes } from '../lib/challenges.js';
import { attach } from './support/attached.js';
import { startGraphnet, type Graphnet } from './support/graphnet.js';

const AZURE = 'AzureApiManagementKey realm="https://api/fhir",name="Ocp-Apim-Subscription-Key",type="header"';

describe('R8: the schemes of a WWW-Authenticate header that asks only for other credentials than a bearer token', () => {
  test.each<[string, string | undefined, string[] | undefined]>([
    ['none', undefined, undefined],
    ['an empty header', '', undefined],
    ['the documented one', AZURE, ['AzureApiManagementKey']],
    ['with a name of its own', AZURE.replace('Ocp-Apim-Subscription-Key', 'X-Key'), ['AzureApiManagementKey']],
    ['Bearer', 'Bearer error="invalid_token", error_description="expired, or revoked"', undefined],
    ['bearer in lower case, alone', 'bearer', undefined],
    ['a scheme alone', 'Negotiate', ['Negotiate']],
    ['a scheme with token68', 'Negotiate a87421000492aa874209af8bc028==', ['Negotiate']],
    ['two in one header', `${AZURE}, Bearer realm="x"`, undefined],
    ['Bearer after a missing comma', 'Basic realm="x" bEARER realm="y"', undefined],
    ['Bearer after a semicolon', 'Basic realm="x"; Bearer realm="y"', undefined],
    ['Bearer alone, then another', 'Bearer, Basic realm="x"', undefined],
    ['Bearer between semicolons', 'Basic realm=x;Bearer;q=1', undefined],
    ['Bearer as a parameter', 'Basic realm=Bearer', ['Basic']],
    ['schemes alone, then with parameters', 'Negotiate, Basic realm="x", charset="UTF-8"', ['Negotiate', 'Basic']],
    ['Bearer within quotes', 'Basic realm="a, Bearer b"', ['Basic']],
    ['escaped quotes', 'Basic realm="a \\" , Bearer \\" b"', ['Basic']],
    ['blanks around the equals sign', 'Basic realm = "x", charset = "UTF-8"', ['Basic']],
    ['empty list elements', ', Basic realm="x", ,', ['Basic']],
    ['quotes that do not end', 'Basic realm="a, b c d', undefined],
    ['a parameter first', 'realm="x", Basic', undefined],
    ['what may be a token', 'x'.repeat(41), undefined],
    ['nonsense', 'Basic realm="x", @@@', undefined],
    ['nonsense with an equals sign', 'Basic realm="x", @@@=1', undefined],
  ])('%s', (_, header, schemes) => {
    expect(otherSchemes(header)).toEqual(schemes);
  });
});

describe('R8: over HTTP', () => {
  let graphnet: Graphnet;
  beforeEach(async () => {
    graphnet = await startGraphnet();
  });
  afterEach(() => graphnet.close());

  test.each<[string, string | string[] | undefined, number]>([
    ['no challenge', undefined, 2],
    ['Bearer', 'Bearer', 2],
    ['two headers, one of them Bearer', [AZURE, 'Bearer'], 2],
    ['two headers, neither Bearer', [AZURE, 'Basic realm="x"'], 1],
  ])('%s', async (_, challenge, requests) => {
    const { api } = attach(graphnet, {}, { validateStatus: () => true });
    graphnet.onApi = (_received, response) => {
      if (challenge) response.setHeader('WWW-Authenticate', challenge);
      response.writeHead(401).end();
    };
    expect((await api.get('/')).status).toBe(401);
    expect(graphnet.apiRequests).toHaveLength(requests);
    expect(graphnet.tokenRequests).toHaveLength(requests);
  });

  test('an adapter that answers with plain headers, or a list of them', async () => {
    for (const [value, told] of [
      [AZURE, 1],
      [[AZURE, 'Basic realm="x"'], 1],
      [[AZURE, 'Bearer'], 0],
    ] as const) {
      const { api, auth, eventsOf } = attach(graphnet, {}, { validateStatus: () => true });
      await auth.getToken();
      await api.get('/', {
        adapter: (config) =>
          Promise.resolve({
            data: '',
            status: 401,
            statusText: '',
            headers: { 'WWW-Authenticate': value } as never,
            config,
          }),
      });
      expect(eventsOf('other-challenge')).toHaveLength(told);
    }
  });
});
