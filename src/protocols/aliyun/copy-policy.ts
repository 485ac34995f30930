import type { CopyPolicy, CopyRule } from '../../domain/copy-policy.ts';
import type { Page } from './fault.ts';

/** "You can use CopySnapshot": what is larger is not copied. */
const mostBytes = 2 * 1024 ** 4;

const ofEveryImage: readonly CopyRule[] = [
  { rule: 'source-state', allow: ['available'] },
  // An image boots. What has no system disk, or is a CD, is none in Alibaba Cloud's eyes.
  { rule: 'kind', allow: ['system-disk', 'whole-machine'] },
  { rule: 'size', most: mostBytes },
  { rule: 'conflict' },
  { rule: 'unique-name' },
  { rule: 'quota' },
];

/**
 * Alibaba Cloud's rules for copies, by page: one's own images go to other regions. The older page copies nobody else's; the
 * newer one copies what is shared, inside its region.
 */
export const aliyunCopyPolicies: Readonly<Record<Page, CopyPolicy>> = {
  newer: {
    name: 'aliyun',
    mostCopies: 1,
    rules: [
      { rule: 'right' },
      { rule: 'source-owner', allow: ['own', 'shared'] },
      { rule: 'shared-region' },
      { rule: 'region', allow: 'other', except: ['shared'] },
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
      { rule: 'region', allow: 'other' },
      ...ofEveryImage,
    ],
    inherits: [],
    unnamed: 'aliyunId',
  },
};
