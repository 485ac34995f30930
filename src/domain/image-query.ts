/** How lists of images can be asked for, in the words that the front doors and the statements share. */

/**
 * Whose images: the account's own, those shared with it (and accepted), those of others that are public, all of these, or
 * `others`: those shared with it that not everybody has.
 */
export const imageOwners = ['self', 'shared', 'public', 'any', 'others'] as const;
export type ImageOwner = (typeof imageOwners)[number];

export const imageSorts = ['createdAt', 'updatedAt', 'name', 'size'] as const;
export type ImageSort = (typeof imageSorts)[number];
