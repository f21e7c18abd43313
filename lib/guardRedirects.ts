import { authorizationName } from './authorizationHeader.js';
import type { RequestNote } from './requestNote.js';

type BeforeRedirect = NonNullable<RequestNote['config']['beforeRedirect']>;

/** By guard: what the app had in its place, to be found again when the app sends the config again. */
const replaced = new WeakMap<BeforeRedirect, BeforeRedirect | undefined>();

/** R21: takes the token off a redirect that leaves the origin; axios before 1.19 lets it follow to a subdomain. */
export function guardRedirects(note: RequestNote): void {
  const { config, summary } = note;
  const present = config.beforeRedirect;
  const own = present && replaced.has(present) ? replaced.get(present) : present;
  const guard: BeforeRedirect = (...redirect) => {
    const [{ href, headers }] = redirect as unknown as [{ href: string; headers: Record<string, unknown> }];
    if (!URL.canParse(href) || new URL(href).origin !== summary.origin) {
      note.hasLeftOrigin = true;
      const name = authorizationName(headers);
      if (name) delete headers[name];
    }
    own?.(...redirect);
  };
  replaced.set(guard, own);
  config.beforeRedirect = guard;
}
