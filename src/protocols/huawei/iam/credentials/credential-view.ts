import type { AccessKey } from '../../../../domain/tenants.ts';
import { toHexId } from '../../ids.ts';
import { identityTime } from '../../times.ts';

/** A permanent access key as IAM shows it; its secret is shown once, when it is made. */
export function viewCredential({ id, userId, description, createdAt, disabledAt }: AccessKey): object {
  return {
    access: id,
    user_id: toHexId(userId),
    description,
    status: disabledAt === null ? 'active' : 'inactive',
    create_time: identityTime(createdAt),
  };
}
