import type { CopyPolicy } from '../../domain/copy-policy.ts';

/** The native API's rules: whoever may read an image may copy it to any region, its own too, as far as its keys and the quotas go. */
export const nativeCopyPolicy: CopyPolicy = {
  name: 'native',
  mostCopies: 100,
  rules: [{ rule: 'right' }, { rule: 'source-state' }, { rule: 'agency' }, { rule: 'key' }, { rule: 'quota' }],
  inherits: ['description', 'tags'],
  unnamed: 'source',
};
