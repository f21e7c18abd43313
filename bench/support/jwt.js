const encode = (part) => Buffer.from(JSON.stringify(part)).toString('base64url');

/** A JWT as the token endpoint issues it; nobody here checks its signature. */
export function issueJwt(lifeSeconds = 3600, id = 0) {
  const iat = Math.floor(Date.now() / 1000);
  const payload = { iat, exp: iat + lifeSeconds, jti: id, apis: ['Patient', 'Observation'] };
  return `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(payload)}.c2lnbmF0dXJl`;
}

export const expiryMs = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url')).exp * 1000;
