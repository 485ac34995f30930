import { z } from 'zod';

/** A rule between settings; it is looked at when each of them by itself is right. */
export function together<Values>(
  settings: readonly (keyof Values)[],
  holds: (config: Values) => boolean,
  message: string,
) {
  return z.refine<Values>(holds, {
    message,
    params: { settings },
    when: ({ issues }) => !issues.some(({ path }) => settings.includes(path?.[0] as keyof Values)),
  });
}
