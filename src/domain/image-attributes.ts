/**
 * What is said of the system in an image. Mimeo looks at none of it: whoever makes the image says it, and the clouds' clients
 * find their images by it. What nobody has said is left out.
 */

export const osTypes = ['linux', 'windows'] as const;
export const architectures = ['x86_64', 'i386', 'arm64'] as const;
export const bootModes = ['bios', 'uefi', 'uefi-preferred'] as const;
/** Versions of the service that tells an instance about itself. */
export const imdsVersions = ['v1', 'v2'] as const;
export const osWidths = [32, 64] as const;

export interface ImageAttributes {
  /** Images of one family are versions of each other. */
  readonly family?: string | undefined;
  readonly version?: string | undefined;
  readonly osType?: (typeof osTypes)[number] | undefined;
  /** The distribution or edition: `Debian`, `Windows Server 2022`. */
  readonly platform?: string | undefined;
  /** As the clouds write it in one: `CentOS 7.3 64bit`. */
  readonly osVersion?: string | undefined;
  readonly osBits?: (typeof osWidths)[number] | undefined;
  readonly architecture?: (typeof architectures)[number] | undefined;
  readonly bootMode?: (typeof bootModes)[number] | undefined;
  readonly licenseType?: string | undefined;
  readonly nvmeSupport?: boolean | undefined;
  readonly imdsSupport?: (typeof imdsVersions)[number] | undefined;
  /** An instance made from it is set up by cloud-init. */
  readonly cloudInit?: boolean | undefined;
  /** What an instance made from it needs at least, and may have at most. */
  readonly minDiskGiB?: number | undefined;
  readonly minRamMiB?: number | undefined;
  readonly maxRamMiB?: number | undefined;
}

/** What is left out stays as it is; null takes it away. */
export type AttributeChanges = { readonly [Name in keyof ImageAttributes]?: ImageAttributes[Name] | null };

export function changeAttributes(attributes: ImageAttributes, changes: AttributeChanges): ImageAttributes {
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  const changed = Object.entries({ ...attributes, ...Object.fromEntries(given) });
  return Object.fromEntries(changed.filter(([, value]) => value !== null));
}

/**
 * What a copy has from its source: all but NVMe support, which Alibaba Cloud does not carry over either. Its clients know,
 * and set it again (bosh-alicloud-cpi).
 */
export function attributesOfCopy({ nvmeSupport: _, ...attributes }: ImageAttributes): ImageAttributes {
  return attributes;
}
