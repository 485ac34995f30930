/** How lists of images can be asked for, in the words that the front doors and the statements share. */
import type { ImageAttributes } from './image-attributes.ts';
import type { ImageState } from './states.ts';

/**
 * Whose images: the account's own, those shared with it (and accepted), those of others that are public, all of these, or
 * `others`: those shared with it that not everybody has.
 */
export const imageOwners = ['self', 'shared', 'public', 'any', 'others'] as const;
export type ImageOwner = (typeof imageOwners)[number];

/** `format`: the first disk's. */
export const imageSorts = ['createdAt', 'updatedAt', 'name', 'size', 'id', 'state', 'format'] as const;
export type ImageSort = (typeof imageSorts)[number];

/** By state: states that a dialect has one word for stand together. */
export const stateOrder: readonly ImageState[] = [
  'available',
  'deprecated',
  'failed',
  'queued',
  'uploading',
  'copying',
];

export const momentOps = ['lt', 'lte', 'eq', 'neq', 'gte', 'gt'] as const;

/** Before, at or after a moment of which clients know the second. */
export interface MomentFilter {
  readonly op: (typeof momentOps)[number];
  /** Epoch milliseconds; any of the second. */
  readonly at: number;
}

/** A tag of this key with one of these values; with any, if there are none. */
export interface TagChoice {
  readonly key: string;
  readonly values: readonly string[];
}

/** Images that have these tags, `all` of them or `any`; with `isNegated`, all other images. */
export interface TagSet {
  readonly match: 'all' | 'any';
  readonly choices: readonly TagChoice[];
  readonly isNegated?: boolean;
}

/** What is said of an image: all of it, to the letter. */
export interface Traits {
  readonly attributes?: ImageAttributes;
  readonly properties?: Readonly<Record<string, string>>;
}

/** Images of which one of these is so; with `isNegated`, none. */
export interface TraitFilter {
  readonly anyOf: readonly Traits[];
  readonly isNegated?: boolean;
}
