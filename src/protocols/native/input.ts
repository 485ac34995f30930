/** What requests may look like. A value that breaks its rule is refused as `request.invalid` with field and rule. */
import { z } from 'zod';
import { diskFormats, diskRoles, imageKinds, rootDevices } from '../../domain/image.ts';
import { RefusalError } from '../../domain/refusal.ts';
import { copyStates, imageStates } from '../../domain/states.ts';

/** 64 TiB, the largest disk that any of the clouds knows. */
const maxDiskBytes = 64 * 1024 ** 4;

/** The one character that a PostgreSQL text cannot hold. */
const text = z.string().refine((value) => !value.includes('\0'), 'must not contain the character U+0000');
const tags = z.record(text, text);
const limit = z.coerce.number().int().min(1).max(1000).default(1000);

export const createImageBody = z.strictObject({
  region: text,
  name: text,
  description: text.default(''),
  kind: z.enum(imageKinds).default('system-disk'),
  rootDevice: z.enum(rootDevices).default('cloud-disk'),
  tags: tags.default({}),
  disks: z
    .array(
      z.strictObject({
        role: z.enum(diskRoles),
        format: z.enum(diskFormats).nullable().default(null),
        size: z.number().int().min(1).max(maxDiskBytes),
      }),
    )
    .min(1)
    .max(64),
});

export const listImagesQuery = z.strictObject({
  region: text.optional(),
  name: text.optional(),
  state: z.enum(imageStates).optional(),
  limit,
});

export const createCopyBody = z.strictObject({
  image: text,
  region: text,
  name: text.optional(),
  description: text.optional(),
  tags: tags.optional(),
});

export const listCopiesQuery = z.strictObject({
  state: z.enum(copyStates).optional(),
  image: text.optional(),
  limit,
});

export const collectBody = z.strictObject({ dryRun: z.boolean().default(false) }).prefault({});
export const verifyBody = z.strictObject({ image: text.optional() }).prefault({});
export const diskIndex = z.coerce.number().int().min(0).max(63);

/** `value` as the schema has it, or `request.invalid` for the first rule that it breaks. */
export function parse<Output>(schema: z.ZodType<Output>, value: unknown): Output {
  const result = schema.safeParse(value ?? undefined);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const unknownKeys = issue?.code === 'unrecognized_keys' ? issue.keys : [];
  const field = [...(issue?.path ?? []), ...unknownKeys.slice(0, 1)].join('.') || 'body';
  const rule = unknownKeys.length > 0 ? 'is not a field of this request' : `is refused: ${issue?.message ?? 'invalid'}`;
  throw new RefusalError('request.invalid', { field, rule });
}
