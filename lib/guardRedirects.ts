import { authorizationName } from './authorizationHeader.js';
import type { RequestNote } from './requestNote.js';

const REPLACED = Symbol('replaced');

type BeforeRedirect = NonNullable<RequestNote['config']['beforeRedirect']>;
/** Remembers what the app had in its place, to be found again when the app sends the config again. */
type Guard = BeforeRedirect & { [REPLACED]?: BeforeRedirect | undefined };

/** R21: takes the token off a redirect that leaves the origin; axios before 1.19 lets it follow to a subdomain. */
export function guardRedirects(note: RequestNote): void {
  const { config, summary } = note;
  const present: Guard | undefined = config.beforeRedirect;
  const own = present && REPLACED in present ? present[REPLACED] : present;
  const guard: Guard = (...redirect) => {
    const [{ href, headers }] = redirect as unknown as [{ href: string; headers: Record<string, unknown> }];
    if (!URL.canParse(href) || new URL(href).origin !== summary.origin) {
      note.hasLeftOrigin = true;
      const name = authorizationName(headers);
      if (name) delete headers[name];
    }
    own?.(...redirect);
  };
  guard[REPLACED] = own;
  config.beforeRedirect = guard;
}
