/** Keys (customer master keys) of an account in a region, and the data keys that they wrap. */

/** `pending-import` has no material yet. One that is deleted has no state any more: it does not exist, but as a row. */
export const keyStates = ['enabled', 'disabled', 'pending-import', 'pending-deletion'] as const;
export type KeyState = (typeof keyStates)[number];

/** Where its material comes from: `external` is brought by its owner. */
export const keyOrigins = ['mimeo', 'external'] as const;
export type KeyOrigin = (typeof keyOrigins)[number];

/** Who else than its account's own people may be let at a key: the image service, which encrypts and decrypts disks with it. */
export const keyServices = ['images'] as const;
export type KeyService = (typeof keyServices)[number];

export interface Key {
  readonly id: string;
  readonly accountId: string;
  readonly region: string;
  readonly state: KeyState;
  readonly origin: KeyOrigin;
  readonly description: string;
  /** The one that its region's images are encrypted with where no other is named. */
  readonly isDefault: boolean;
  /** The newest, which wraps; 0 where there is none yet. */
  readonly version: number;
  /** By name. */
  readonly aliases: readonly string[];
  readonly grants: readonly KeyService[];
  /** Epoch milliseconds, as all times here. */
  readonly createdAt: number;
  /** When it is destroyed; null where that is not asked for. */
  readonly deletionAt: number | null;
}

export interface KeyVersionFacts {
  readonly version: number;
  readonly createdAt: number;
}

export interface KeyAlias {
  readonly name: string;
  readonly region: string;
  readonly key: string;
  readonly createdAt: number;
}

export interface KeyGrant {
  readonly service: KeyService;
  readonly createdAt: number;
}

/** What a data key is bound to: it opens for nothing else. */
export type DiskContext = Readonly<Record<'account' | 'image' | 'region' | 'disk', string>>;

/** What a key is used for: with the data key of a disk, or with one that a caller keeps itself. */
export type KeyPurpose = 'encrypt' | 'decrypt' | 'create-data-key' | 'encrypt-data-key' | 'decrypt-data-key';

/** Keys of an account in a region that are not deleted; what Alibaba Cloud allows. */
export const maxKeys = 200;
/** With the region's default key, which comes whatever the limit says. */
export const mostKeys = maxKeys + 1;
export const maxAliases = 50;

/** The longest that a key can wait for its end, in days. */
export const mostDeletionDays = 1096;
