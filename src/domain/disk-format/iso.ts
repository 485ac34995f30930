/**
 * ISO 9660 (ECMA-119). It cannot name anything outside itself. A partition table in its system area makes it a hybrid,
 * which starts from a USB stick as well; another format's header there is a hidden one, which the inspector refuses.
 */
import { type FormatRules, hasText } from './format-rules.ts';

/** 16 logical sectors of system area come first. */
const firstDescriptor = 32_768;
const descriptorBytes = 2048;
const identifier = 'CD001';

/** Real ones have three to five. */
const maxDescriptors = 64;

const descriptorType = { primary: 1, last: 255 } as const;

export const iso: FormatRules = {
  name: 'iso',
  format: 'iso',
  matches: (disk) => hasText(disk, firstDescriptor + 1, identifier),
  flaw(disk) {
    let primary = false;
    for (let count = 0; count < maxDescriptors; count++) {
      const offset = firstDescriptor + count * descriptorBytes;
      const type = disk.bytes(offset, descriptorBytes)?.[0];
      if (type === undefined) return 'its volume descriptors are cut off; upload the whole file';
      if (!hasText(disk, offset + 1, identifier)) return `volume descriptor ${count} does not say ${identifier}`;
      if (type === descriptorType.last) return primary ? null : 'it has no primary volume descriptor';
      primary ||= type === descriptorType.primary;
    }
    return `none of its first ${maxDescriptors} volume descriptors is the last`;
  },
};
