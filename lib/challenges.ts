/** A new challenge: a scheme that stands alone or before its parameters, is no parameter itself, and no token (R20). */
const SCHEME = /^([!#$%&'*+\-.^_`|~\w]{1,40})(?:[ \t]+(?![ \t=])|$)/;
const PARAMETER = /^[!#$%&'*+\-.^_`|~\w]+[ \t]*=/;
const QUOTED = /"(?:[^"\\]|\\.)*"/g;
const BEARER = /(?:^|[\s,;])bearer(?:$|[\s,;])/i;

/**
 * RFC 9110 section 11.6.1, R8: the schemes of a `WWW-Authenticate` header that clearly asks only for other credentials
 * than a bearer token; `undefined` if it asks for one, or if in doubt.
 */
export function otherSchemes(header: string | undefined): string[] | undefined {
  const unquoted = (header ?? '').replace(QUOTED, 'quoted');
  if (unquoted.includes('"') || BEARER.test(unquoted)) return undefined;
  const parts = unquoted
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
  const schemes: string[] = [];
  for (const part of parts) {
    const scheme = SCHEME.exec(part)?.[1];
    if (scheme) schemes.push(scheme);
    else if (!PARAMETER.test(part) || schemes.length === 0) return undefined;
  }
  return schemes.length > 0 ? schemes : undefined;
}
