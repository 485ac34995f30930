import type { Caller } from '../../../app/context.ts';
import type { Key, KeyOrigin, KeyState, KeyVersionFacts } from '../../../domain/key.ts';
import { toSecond } from '../../shared/times.ts';
import { keyArn } from './key-names.ts';

const states: Readonly<Record<KeyState, string>> = {
  enabled: 'Enabled',
  disabled: 'Disabled',
  'pending-deletion': 'PendingDeletion',
  'pending-import': 'PendingImport',
};

const origins: Readonly<Record<KeyOrigin, string>> = { mimeo: 'Aliyun_KMS', external: 'EXTERNAL' };

/** A key as `KeyMetadata`. `newest`: its version that encrypts; undefined where there is none yet. */
export function viewKey(caller: Caller, key: Key, newest: KeyVersionFacts | undefined) {
  return {
    KeyId: key.id,
    Arn: keyArn(caller, key),
    KeyState: states[key.state],
    KeySpec: 'Aliyun_AES_256',
    KeyUsage: 'ENCRYPT/DECRYPT',
    Origin: origins[key.origin],
    ProtectionLevel: 'SOFTWARE',
    Creator: String(caller.accountNumber),
    CreationDate: toSecond(key.createdAt),
    Description: key.description,
    DeleteDate: key.deletionAt === null ? '' : toSecond(key.deletionAt),
    // Never: imported material stays until the key is destroyed.
    MaterialExpireTime: '',
    AutomaticRotation: 'Disabled',
    PrimaryKeyVersion: newest === undefined ? '' : String(newest.version),
    LastRotationDate: newest === undefined ? '' : toSecond(newest.createdAt),
  };
}
