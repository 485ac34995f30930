import { z } from 'zod';

/** What there is to say of a setting besides its type and its default. */
interface Details {
  /** A sentence or two. */
  readonly description: string;
  /** Its environment variable, where that is not `MIMEO_` and the name in capitals. */
  readonly environment?: string;
  /** Its flag, as commander takes it. */
  readonly flag?: string;
  /** What may be shown of it. A secret can also be given as the name of a file that holds it. */
  readonly secret?: (value: unknown) => string;
}

/** What the schema of each setting has registered. */
export const details = z.registry<Details>();
