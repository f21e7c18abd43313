const MAX_LENGTH = 200;
const REDACTED = '[redacted]';
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;
/** A JWS has three parts, an encrypted token five. */
const JWT_LIKE = /ey[\w-]+\.[\w-]+(?:\.[\w-]*)*/g;

const HTML_ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** The ways in which a server may echo a secret that it was sent, the longest first, for one may hold another. */
function spellings(secret: string): string[] {
  const encoded = [encodeURIComponent(secret), String(new URLSearchParams([['', secret]])).slice(1)];
  return [
    secret,
    secret.trim(),
    ...encoded,
    // .NET writes escapes in lower case.
    ...encoded.map((text) => text.replace(/%../g, (escape) => escape.toLowerCase())),
    secret.replace(/[&<>"']/g, (character) => HTML_ESCAPES[character]!),
    JSON.stringify(secret).slice(1, -1),
  ]
    .filter(Boolean)
    .sort((a, b) => b.length - a.length);
}

const escapeForRegExp = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

/** Text of the authorisation server, made fit for an error message: one line, short, without secret or token (R20). */
export function scrub(text: unknown, secret: string): string | undefined {
  if (typeof text !== 'string') return undefined;
  return (
    text
      .replace(new RegExp(spellings(secret).map(escapeForRegExp).join('|'), 'g'), REDACTED)
      // What follows takes the square of the time on some texts.
      .slice(0, 4 * MAX_LENGTH)
      .replace(JWT_LIKE, REDACTED)
      .replace(CONTROL_CHARACTERS, ' ')
      .slice(0, MAX_LENGTH)
  );
}
