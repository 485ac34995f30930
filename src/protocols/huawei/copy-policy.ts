import type { CopyPolicy } from '../../domain/copy-policy.ts';
import { GiB } from '../../lib/gibibytes.ts';

/** What goes from one region to another, and from four regions that are named (reference §2.2). */
const mostElsewhere = {
  most: 128 * GiB,
  mostFrom: {
    'cn-south-1': 300 * GiB,
    'cn-east-2': 300 * GiB,
    'cn-east-3': 300 * GiB,
    'cn-north-4': 300 * GiB,
  },
} as const;

const shared = { mostCopies: 1, inherits: [], unnamed: 'source' } as const;

/** Huawei Cloud's rules for copies (reference §2): those inside a region, and those to another one. */
export const huaweiCopyPolicies = {
  region: {
    ...shared,
    name: 'huawei-region',
    rules: [
      { rule: 'right' },
      { rule: 'source-owner', allow: ['own', 'shared'] },
      { rule: 'source-state' },
      { rule: 'region', allow: 'same' },
      { rule: 'kind', allow: ['system-disk', 'data-disk'] },
      { rule: 'size', most: 128 * GiB },
      { rule: 'quota' },
      { rule: 'stays-plain', owners: ['shared'] },
      { rule: 'other-key' },
      { rule: 'key' },
    ],
  },
  elsewhere: {
    ...shared,
    name: 'huawei-elsewhere',
    rules: [
      { rule: 'right' },
      { rule: 'source-owner', allow: ['own', 'shared'] },
      { rule: 'source-state' },
      { rule: 'region', allow: 'other' },
      { rule: 'shared-region' },
      { rule: 'unencrypted' },
      { rule: 'kind', allow: ['system-disk', 'data-disk', 'whole-machine'] },
      { rule: 'size', ...mostElsewhere },
      { rule: 'agency' },
      { rule: 'elsewhere-limit', most: 5 },
      { rule: 'quota' },
    ],
  },
} as const satisfies Readonly<Record<string, CopyPolicy>>;
