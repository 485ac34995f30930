/**
 * What the core says no to, each with its facts, in one closed union (design §3, "Refusals"). A protocol maps every
 * code to its own code, message and status in a table typed over `RefusalCode`, so a missing row does not compile.
 */
import type { Action } from './authorization.ts';
import type { DiskFormat, DiskRole, ImageKind, RootDevice, Visibility } from './image.ts';
import type { KeyService, KeyState } from './key.ts';
import type { SourceOwner } from './sharing.ts';
import type { CopyState, ImageState, SnapshotState, TaskState } from './states.ts';

interface QuotaFacts {
  region: string;
  limit: number;
  used: number;
  wanted: number;
}

export interface RefusalFacts {
  'request.invalid': { field: string; rule: string };
  'request.idempotency-mismatch': { token: string };
  /** Not a no: what was only to be tried would have been done. */
  'request.dry-run-passed': { action: Action };
  'precondition.failed': { image: string; revision: number };
  forbidden: { action: Action };
  'account.not-found': { account: string };
  'account.exists': { name: string };
  'account.own': { account: string };
  'user.not-found': { user: string };
  'user.exists': { name: string };
  'user.last-owner': { user: string };
  'access-key.not-found': { accessKey: string };
  'access-key.limit': { user: string; limit: number };
  'session.not-found': { session: string };
  'session.limit': { user: string; limit: number };
  'project.not-found': { project: string };
  'project.exists': { region: string; name: string };
  'project.in-use': { project: string };
  'agency.not-found': { agency: string };
  'agency.exists': { name: string };
  'agency.not-permitted': { agency: string; region: string };
  'resource-group.not-found': { resourceGroup: string };
  'resource-group.exists': { name: string };
  'resource-group.in-use': { resourceGroup: string };
  'quota.images': QuotaFacts;
  'quota.snapshots': QuotaFacts;
  'quota.bytes': QuotaFacts;
  'quota.copies': QuotaFacts;
  'webhook.not-found': { webhook: string };
  'webhook.limit': { limit: number };
  'webhook.disabled': { webhook: string };
  'webhook.address': { url: string; reason: string };
  'delivery.not-found': { delivery: string };
  'region.not-found': { region: string };
  'image.not-found': { image: string };
  'image.not-readable': { image: string; state: ImageState };
  /** `copy` is null when it is another account's. */
  'image.being-copied': { image: string; copy: string | null };
  'image.changing': { image: string; state: ImageState };
  'image.protected': { image: string };
  'image.shared': { image: string; visibility: Visibility };
  'image.name-taken': { region: string; name: string };
  'member.not-found': { image: string; account: string };
  'member.own': { image: string };
  'member.limit': { image: string; limit: number };
  'share.not-found': { image: string };
  'snapshot.not-found': { snapshot: string };
  'snapshot.not-ready': { snapshot: string; state: SnapshotState };
  'snapshot.in-use': { snapshot: string; image: string | null };
  'snapshot.other-region': { snapshot: string; region: string };
  'tag.limit': { resource: string; limit: number };
  'disk.not-found': { image: string; disk: number };
  'disk.has-content': { image: string; disk: number };
  'disk.upload-in-progress': { image: string; disk: number };
  'disk.unsafe-format': { image: string; disk: number; reason: string };
  'disk.range': { image: string; disk: number; size: number };
  'upload.wrong-offset': { image: string; disk: number; expected: number; received: number };
  'upload.incomplete': { image: string; disk: number; expected: number; received: number };
  'upload.malformed': { image: string; disk: number; reason: string };
  'copy.not-found': { copy: string };
  'copy.finished': { copy: string; state: CopyState };
  'copy.not-retryable': { copy: string; state: CopyState };
  'copy.too-many': { limit: number; wanted: number };
  'copy.same-region': { image: string; region: string };
  'copy.other-region': { image: string; region: string };
  'copy.kind': { image: string; kind: ImageKind };
  'copy.root-device': { image: string; rootDevice: RootDevice };
  'copy.size': { image: string; size: number; limit: number };
  'copy.source': { image: string; owner: SourceOwner };
  'copy.shared-region': { image: string; region: string };
  /** `copy` is the unfinished one. */
  'copy.conflict': { image: string; region: string; copy: string };
  /** Of all the account's copies between regions. */
  'copy.too-many-elsewhere': { limit: number; used: number };
  'store.full': { region: string };
  'object-store.missing': Record<never, never>;
  'object-store.unreachable': Record<never, never>;
  'object.bucket-not-found': { bucket: string };
  'object.not-found': { bucket: string; object: string };
  'object.exists': { bucket: string; object: string };
  /** `object` is null when it is the bucket. */
  'object.denied': { bucket: string; object: string | null };
  'object.size': { bucket: string; object: string; size: number; limit: number; role: DiskRole };
  'export.format': { image: string; format: DiskFormat; formats: readonly DiskFormat[] };
  'export.size': { image: string; disk: number; size: number; limit: number };
  'image.importing': { image: string; task: string };
  'image.exporting': { image: string; task: string };
  'task.not-found': { task: string };
  'task.finished': { task: string; state: TaskState };
  'task.completing': { task: string };
  /** It belongs to its account alone, and is not shared, published, nor copied by rules that know no encryption. */
  'image.encrypted': { image: string };
  /** It is encrypted, and its copies have to be. */
  'copy.decrypting': { image: string };
  /** It is not encrypted, and its copies cannot be. */
  'copy.encrypting': { image: string };
  /** It is encrypted with this key already. */
  'copy.same-key': { image: string; key: string };
  'key.not-found': { key: string };
  /** The image is encrypted, and a copy of it in that region needs a key of there. */
  'key.required': { image: string; region: string };
  /** It cannot be used; `state` says why. */
  'key.disabled': { key: string; state: KeyState };
  'key.other-region': { key: string; region: string };
  'key.not-granted': { key: string; service: KeyService };
  /** `own`: the region has its default key, and no others; otherwise nothing is encrypted there. */
  'key.region': { region: string; own: boolean };
  /** The installation lets it have no keys of its own. */
  'key.account': { account: string };
  'key.pending-deletion': { key: string };
  'key.not-pending-deletion': { key: string; state: KeyState };
  'key.pending-import': { key: string };
  'key.not-external': { key: string };
  'key.external': { key: string };
  'key.other-material': { key: string };
  'key.default': { key: string };
  'key.limit': { region: string; limit: number };
  'key.alias-exists': { region: string; alias: string };
  'key.alias-not-found': { alias: string };
  'key.alias-limit': { key: string; limit: number };
  'key.grant-not-found': { key: string; service: string };
}

export type RefusalCode = keyof RefusalFacts;

/** The no itself, thrown by use cases. `facts` belong to `code`; narrow with {@link isRefusal}. */
export class RefusalError<Code extends RefusalCode = RefusalCode> extends Error {
  readonly code: Code;
  readonly facts: RefusalFacts[Code];

  constructor(code: Code, facts: RefusalFacts[Code], options?: ErrorOptions) {
    super(code, options);
    this.name = 'RefusalError';
    this.code = code;
    this.facts = facts;
  }
}

export function isRefusal<Code extends RefusalCode>(error: unknown, code: Code): error is RefusalError<Code> {
  return error instanceof RefusalError && error.code === code;
}
