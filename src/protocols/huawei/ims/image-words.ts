/** The domain's words for images, and the image service's (reference §4.2, §4.3). */
import type { Image, ImageKind, Visibility } from '../../../domain/image.ts';
import type { architectures, bootModes, ImageAttributes, osTypes } from '../../../domain/image-attributes.ts';
import { type ImageState, isReadable } from '../../../domain/states.ts';

/** There is no word for what should not be used any more, but still can. */
export const statusOf = {
  queued: 'queued',
  uploading: 'saving',
  copying: 'saving',
  available: 'active',
  deprecated: 'active',
  failed: 'killed',
} as const satisfies Readonly<Record<ImageState, string>>;

/** `__imagetype`. There is no marketplace. */
export const imageTypes = {
  public: 'gold',
  private: 'private',
  shared: 'shared',
} as const satisfies Readonly<Record<Visibility, string>>;

/** `virtual_env_type`: where a machine made from it runs. A whole machine's says so by `__whole_image`. */
export const environments = {
  'system-disk': 'FusionCompute',
  'whole-machine': 'FusionCompute',
  'data-disk': 'DataImage',
  iso: 'IsoImage',
} as const satisfies Readonly<Record<ImageKind, string>>;

/** Bare metal, which is kept as a text with the image: it makes no difference to what Mimeo does. */
export const bareMetal = 'Ironic';

export function environmentOf({ kind, properties }: Pick<Image, 'kind' | 'properties'>): string {
  const environment = environments[kind];
  return environment === 'FusionCompute' && properties.virtual_env_type === bareMetal ? bareMetal : environment;
}

/** The image is protected against its owner, too, as long as it is everybody's. */
export function isProtected(image: Pick<Image, 'protected' | 'visibility'>): boolean {
  return image.protected || image.visibility === 'public';
}

export const osWords = {
  linux: 'Linux',
  windows: 'Windows',
} as const satisfies Readonly<Record<(typeof osTypes)[number], string>>;

/** Neither: kept as a text with the image. */
export const otherOs = 'Other';

type OsWord = (typeof osWords)[keyof typeof osWords] | typeof otherOs;

/** `__os_type`. An image of which nobody has said it is Linux'. */
export function osTypeOf({ attributes, properties }: Pick<Image, 'attributes' | 'properties'>): OsWord {
  return properties.__os_type === otherOs ? otherOs : osWords[attributes.osType ?? 'linux'];
}

/** `__os_version` of those, before the bits: the first as Glance's images have it that say nothing. */
export const otherVersions = {
  Linux: 'Other Linux ',
  Windows: 'Other Windows',
  Other: 'Other',
} as const satisfies Readonly<Record<OsWord, string>>;

export const architectureWords = {
  x86_64: 'x86',
  i386: 'x86',
  arm64: 'arm',
} as const satisfies Readonly<Record<(typeof architectures)[number], string>>;

/** `__os_bit`. */
export function osBitsOf({ osBits, architecture }: ImageAttributes): '32' | '64' {
  return osBits === 32 || architecture === 'i386' ? '32' : '64';
}

/** `__platform` of an image of which nobody has said it. */
export const otherPlatform = 'Other';

export const firmwares = {
  bios: 'bios',
  uefi: 'uefi',
  'uefi-preferred': 'uefi',
} as const satisfies Readonly<Record<(typeof bootModes)[number], string>>;

/**
 * `disk_format`, whose words are the domain's; Huawei's own formats, zvhd and zvhd2, no image has here. Of an image without bytes
 * what its client says that they will be; undefined where nobody knows.
 */
export function diskFormatOf({
  state,
  disks,
  properties,
}: Pick<Image, 'state' | 'disks' | 'properties'>): string | undefined {
  const format = disks[0]?.format ?? undefined;
  return isReadable(state) ? (format ?? properties.disk_format) : (properties.disk_format ?? format);
}

/** Glance's, which say nothing of an image's bytes and are kept as texts; one that has none is `bare`. */
export const containerFormats = ['bare', 'ami', 'ari', 'aki', 'ovf', 'ova', 'docker'] as const;
