/** What the use cases work with, and who calls them. */
import type { Db } from '../db/database.ts';
import type { Credentials } from '../db/tenants/credentials.ts';
import type { NonceMemory } from '../db/tenants/nonces.ts';
import type { CopyPolicy, PolicyName } from '../domain/copy-policy.ts';
import type { Origin } from '../domain/event.ts';
import type { RandomBytes } from '../domain/ids.ts';
import type { Principal } from '../domain/principal.ts';
import type { QuotaKind } from '../domain/quota.ts';
import type { Egress } from '../egress/egress.ts';
import type { Queue } from '../jobs/queue.ts';
import type { KeyProvider } from '../kms/key-provider.ts';
import type { Clock } from '../lib/clock.ts';
import type { Passwords } from '../lib/passwords.ts';
import type { SecretBox } from '../lib/secret-box.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { DataPlane } from './data-plane.ts';
import type { KeyLimits } from './keys/key-limits.ts';
import type { OpenedKeys } from './keys/opened-keys.ts';

export interface AppContext {
  readonly db: Db;
  readonly credentials: Credentials;
  readonly nonces: NonceMemory;
  readonly queue: Pick<Queue, 'admit' | 'lock'>;
  readonly dataPlane: DataPlane;
  /** The configured regions' numbers in the database, by id. */
  readonly regionNumbers: ReadonlyMap<string, number>;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly logger: Logger;
  /** The id of this server, the same after a restart. */
  readonly server: string;
  /** How long condemned bytes are kept. */
  readonly graceMs: number;
  /** How long an upload that was cut off can be resumed. */
  readonly uploadKeepMs: number;
  /** The dialects' rules for copies, by name. */
  readonly policies: ReadonlyMap<PolicyName, CopyPolicy>;
  /** Limits of an account in a region until an administrator sets others. */
  readonly defaultQuotas: Readonly<Record<QuotaKind, number>>;
  /** Hash of the token in the data directory (`hashToken`). */
  readonly installationToken: Uint8Array;
  /** Seals what is secret in the database. */
  readonly secrets: SecretBox;
  /** Holds the material of keys. */
  readonly keyProvider: KeyProvider;
  /** Data keys that this process has opened. */
  readonly openedKeys: OpenedKeys;
  /** Where keys are, and whose. */
  readonly keyLimits: KeyLimits;
  /** The fewest days that a key waits for its end. */
  readonly leastDeletionDays: number;
  /** Those of users. */
  readonly passwords: Passwords;
  /** Where images are imported from and exported to; undefined where the installation has none. */
  readonly objects: ObjectStore | undefined;
  /** Knows the addresses that webhooks may go to. */
  readonly egress: Pick<Egress, 'check'>;
  /** How long an idempotency token is remembered. */
  readonly idempotencyMs: number;
  /** The longest life of a session. */
  readonly sessionMs: number;
}

/** Who asks, and from where. What belongs to another account does not exist for the caller. */
export interface Caller extends Principal {
  readonly origin: Origin;
}
