/** What requests may look like. A value that breaks its rule is refused as `request.invalid` with field and rule. */
import { z } from 'zod';
import { diskFormats, diskRoles, imageKinds, rootDevices } from '../../domain/image.ts';
import { RefusalError } from '../../domain/refusal.ts';
import { copyStates, imageStates } from '../../domain/states.ts';

/** 64 TiB, the largest disk that any of the clouds knows. */
const maxDiskBytes = 64 * 1024 ** 4;

const tags = z.record(z.string(), z.string());
const limit = z.coerce.number().int().min(1).max(1000).default(1000);

export const createImageBody = z.strictObject({
  region: z.string(),
  name: z.string(),
  description: z.string().default(''),
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
  region: z.string().optional(),
  name: z.string().optional(),
  state: z.enum(imageStates).optional(),
  limit,
});

export const createCopyBody = z.strictObject({
  image: z.string(),
  region: z.string(),
  name: z.string().optional(),
  description: z.string().optional(),
  tags: tags.optional(),
});

export const listCopiesQuery = z.strictObject({
  state: z.enum(copyStates).optional(),
  image: z.string().optional(),
  limit,
});

export const collectBody = z.strictObject({ dryRun: z.boolean().default(false) }).prefault({});
export const verifyBody = z.strictObject({ image: z.string().optional() }).prefault({});
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
