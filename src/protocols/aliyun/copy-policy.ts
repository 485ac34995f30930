import type { CopyPolicy, CopyRule } from '../../domain/copy-policy.ts';
import type { Page } from './fault.ts';

/** "You can use CopySnapshot": what is larger is not copied. */
const mostBytes = 2 * 1024 ** 4;

const ofEveryImage: readonly CopyRule[] = [
  { rule: 'source-state', allow: ['available'] },
  // An image boots. What has no system disk, or is a CD, is none in Alibaba Cloud's eyes.
  { rule: 'kind', allow: ['system-disk', 'whole-machine'] },
  { rule: 'size', most: mostBytes },
  { rule: 'key' },
  { rule: 'conflict' },
  { rule: 'unique-name' },
  { rule: 'quota' },
];

/**
 * Alibaba Cloud's rules for copies, by page: one's own images go to other regions, and stay in theirs to be encrypted, as Packer
 * has it done. The older page copies nobody else's and nothing encrypted; the newer one copies what is shared, inside its region,
 * and what is encrypted, as long as it stays so.
 */
export const aliyunCopyPolicies: Readonly<Record<Page, CopyPolicy>> = {
  newer: {
    name: 'aliyun',
    mostCopies: 1,
    rules: [
      { rule: 'right' },
      { rule: 'source-owner', allow: ['own', 'shared'] },
      { rule: 'shared-region' },
      { rule: 'region', allow: 'other', except: ['shared'], exceptEncrypting: true },
      { rule: 'stays-encrypted' },
      ...ofEveryImage,
    ],
    inherits: [],
    unnamed: 'aliyunId',
  },
  older: {
    name: 'aliyun-older',
    mostCopies: 1,
    rules: [
      { rule: 'right' },
      { rule: 'source-owner', allow: ['own'] },
      { rule: 'region', allow: 'other', exceptEncrypting: true },
      { rule: 'unencrypted' },
      ...ofEveryImage,
    ],
    inherits: [],
    unnamed: 'aliyunId',
  },
};
