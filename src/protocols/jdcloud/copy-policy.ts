import type { CopyPolicy, CopyRule } from '../../domain/copy-policy.ts';
import type { Image } from '../../domain/image.ts';

/** What is being imported is not ready either, but its task says why. The cloud's own order is not published. */
const ofEveryImage: readonly CopyRule[] = [{ rule: 'untasked' }, { rule: 'source-state' }, { rule: 'idle' }];

const ofEveryCopy: readonly CopyRule[] = [...ofEveryImage, { rule: 'unencrypted' }, { rule: 'quota' }];

/** The cloud fills in region and id; in which words is not published. */
function describe({ jdcloudId, region }: Image): string {
  return `Copied from image ${jdcloudId} in region ${region}`;
}

const copies = { mostCopies: 10, namesAll: true, unnamed: 'source', describe, inherits: [] } as const;

/**
 * JD Cloud's rules for copies (reference §2), by page: the older one copies only own images, and only to other regions.
 * Community images are everybody's to use and nobody's to copy. To convert an image is to copy it inside its region; an encrypted
 * one, of which convertImage's table says nothing, keeps its key, which must be usable.
 */
export const jdcloudCopyPolicies = {
  newer: {
    ...copies,
    name: 'jdcloud',
    rules: [
      { rule: 'right' },
      { rule: 'source-owner', allow: ['own', 'shared'] },
      { rule: 'root-device', allow: ['cloud-disk'] },
      ...ofEveryCopy,
    ],
  },
  older: {
    ...copies,
    name: 'jdcloud-older',
    rules: [
      { rule: 'right' },
      { rule: 'region', allow: 'other' },
      { rule: 'source-owner', allow: ['own'] },
      { rule: 'root-device', allow: ['cloud-disk'] },
      ...ofEveryCopy,
    ],
  },
  convert: {
    name: 'jdcloud-convert',
    mostCopies: 1,
    rules: [
      { rule: 'right' },
      { rule: 'source-owner', allow: ['own'] },
      { rule: 'root-device', allow: ['local-disk'] },
      { rule: 'region', allow: 'same' },
      ...ofEveryImage,
      { rule: 'key' },
      { rule: 'quota' },
    ],
    rootDevice: 'cloud-disk',
    inherits: ['description'],
    unnamed: 'source',
  },
} as const satisfies Readonly<Record<string, CopyPolicy>>;
