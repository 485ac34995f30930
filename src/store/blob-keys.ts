/** The names under which blobs lie in a region's medium. All are made here; no user string becomes one. */

/** `packs/<first two digits>/<name>`; the middle folder keeps a directory at 1/256 of the packs. */
export function packKey(name: string): string {
  return `packs/${name.slice(0, 2)}/${name}`;
}

/** What the keys of all blobs of a region begin with; anything else in the medium is not Mimeo's. */
export const blobPrefixes = ['packs/', 'manifests/'] as const;

export function manifestKey(manifestId: string): string {
  return `manifests/${manifestId}`;
}

export const ownerPrefix = 'owner/';

/** The mark of the installation whose database speaks of this store, see `store-owner.ts`. */
export function ownerKey(installationId: string): string {
  return `${ownerPrefix}${installationId}`;
}
