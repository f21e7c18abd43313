import { authorizationName } from './authorizationHeader.js';
import type { RequestNote } from './requestNote.js';

const REPLACED = Symbol('replaced');

type BeforeRedirect = NonNullable<RequestNote['config']['beforeRedirect']>;
/** Remembers what the app had in its place, to be found again when the app sends the config again. */
type Guard = BeforeRedirect & { [REPLACED]?: BeforeRedirect | undefined };

/** What the app has put there. */
export function ownBeforeRedirect({ beforeRedirect }: RequestNote['config']): BeforeRedirect | undefined {
  const present: Guard | undefined = beforeRedirect;
  return present && REPLACED in present ? present[REPLACED] : present;
}

/**
 * R21: takes the token off a redirect that leaves the origin. By itself, axios lets it follow to a subdomain and from
 * http: to https:.
 */
export function guardRedirects(note: RequestNote): void {
  const { config, destination } = note;
  const own = ownBeforeRedirect(config);
  const guard: Guard = (...redirect) => {
    const [{ href, headers }] = redirect as unknown as [{ href: string; headers: Record<string, unknown> }];
    if (!URL.canParse(href) || new URL(href).origin !== destination.origin) {
      note.hasLeftOrigin = true;
      const name = authorizationName(headers);
      if (name) delete headers[name];
    }
    own?.(...redirect);
  };
  guard[REPLACED] = own;
  config.beforeRedirect = guard;
}
