import type { CopyPolicy, PolicyName } from '../domain/copy-policy.ts';
import { aliyunCopyPolicies } from '../protocols/aliyun/copy-policy.ts';
import { huaweiCopyPolicies } from '../protocols/huawei/copy-policy.ts';
import { jdcloudCopyPolicies } from '../protocols/jdcloud/copy-policy.ts';
import { nativeCopyPolicy } from '../protocols/native/copy-policy.ts';

/** Those of all protocols, by name: a copy's job finds the one that it was accepted by. A cloud's dialect gets its line here. */
export const copyPolicies: ReadonlyMap<PolicyName, CopyPolicy> = new Map(
  [
    nativeCopyPolicy,
    ...Object.values(aliyunCopyPolicies),
    ...Object.values(huaweiCopyPolicies),
    ...Object.values(jdcloudCopyPolicies),
  ].map((policy) => [policy.name, policy]),
);
