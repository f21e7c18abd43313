const encode = (part) => Buffer.from(JSON.stringify(part)).toString('base64url');

/** Nobody here checks a signature. */
export const encodeJwt = (payload) => `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(payload)}.c2lnbmF0dXJl`;
const apis = ['Patient', 'Observation'];

/** As the token endpoint issues it. */
export function issueJwt(lifeSeconds = 3600, id = 0) {
  const iat = Math.floor(Date.now() / 1000);
  return encodeJwt({ iat, exp: iat + lifeSeconds, jti: id, apis });
}

/** One that is never renewed. */
export const CONSTANT_TOKEN = encodeJwt({ iat: 1_000_000_000, exp: 4_000_000_000, jti: 0, apis });

export const expiryMs = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url')).exp * 1000;
