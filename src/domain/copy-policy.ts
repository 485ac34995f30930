/**
 * Who may copy what to where, as data: a dialect's rules in the order in which it refuses. The core gathers the facts of the
 * merged request and asks once in the transaction that accepts the copy, and the rules that can turn out otherwise since
 * then once more when its job starts.
 */
import { may } from './authorization.ts';
import { type Image, type ImageIds, type ImageKind, isEncrypted, type RootDevice, sizeOf } from './image.ts';
import type { Principal } from './principal.ts';
import { type Charge, type Quotas, quotaRefusal } from './quota.ts';
import { RefusalError } from './refusal.ts';
import type { MemberStatus, SourceOwner } from './sharing.ts';
import { type ImageState, isReadable } from './states.ts';
import { taskRefusal, type WorkingTask } from './task.ts';

/** Kept with each copy. */
export type PolicyName = string;

/**
 * What the new disks are encrypted with: a key of the destination, by id, or nothing (`none`), or what each of the source's disks
 * is encrypted with (`same`), if it is at all.
 */
export type CopyEncryption = string;

/** What each rule needs to be told; a rule without parameters takes none. */
interface RuleParameters {
  /** read(source) and create(destination) are the caller's to do; what is hidden does not exist. */
  right: object;
  /** Whose images may be copied, of those that one may see at all. */
  'source-owner': { readonly allow: readonly SourceOwner[] };
  /** Without `allow`: its bytes can be read. */
  'source-state': { readonly allow?: readonly ImageState[] };
  /** Named agencies delegate to the image service in the destination. */
  agency: object;
  /** The keys that it takes can be used: those of the source, and the one that the new image is to be encrypted with. */
  key: object;
  /** Images of the owners in `except` go to any region, and with `exceptEncrypting` what is to be encrypted does. */
  region: {
    readonly allow: 'same' | 'other';
    readonly except?: readonly SourceOwner[];
    readonly exceptEncrypting?: true;
  };
  /** What is encrypted is not copied. */
  unencrypted: object;
  /** What is encrypted stays so. */
  'stays-encrypted': object;
  /** What is not encrypted, and comes from one of the owners, stays so. */
  'stays-plain': { readonly owners: readonly SourceOwner[] };
  /** The new image has another key than the source. */
  'other-key': object;
  /** What is shared by another account stays in its region. */
  'shared-region': object;
  kind: { readonly allow: readonly ImageKind[] };
  'root-device': { readonly allow: readonly RootDevice[] };
  /** Bytes of all disks together; images that lie in a region of `mostFrom` may have that many. */
  size: { readonly most: number; readonly mostFrom?: Readonly<Record<string, number>> };
  'unique-name': object;
  /** The same image is on its way to the same region for one copy of the account at a time. */
  conflict: object;
  /** The same image is read by one request of the account at a time, to whichever regions it goes. */
  idle: object;
  /** No import fills the image, and no export of the account's reads it. */
  untasked: object;
  /** Of the account's copies between regions, whichever these are, fewer than so many have not finished. */
  'elsewhere-limit': { readonly most: number };
  quota: object;
  /** Copies that cannot start at once are refused and do not wait. */
  'no-waiting': object;
}

export type RuleName = keyof RuleParameters;
export type CopyRule = { [Name in RuleName]: { readonly rule: Name } & RuleParameters[Name] }[RuleName];

export interface CopyPolicy {
  readonly name: PolicyName;
  /** The most copies that one request makes. */
  readonly mostCopies: number;
  /** In order; the first that refuses is the answer. */
  readonly rules: readonly CopyRule[];
  /**
   * What the new image has of its source's where the request does not say; it is empty otherwise. Tags are the account's own
   * language: another's are never taken over.
   */
  readonly inherits: readonly ('description' | 'tags')[];
  /** The description of a copy that is given none; without it, what `inherits` says. */
  readonly describe?: (source: Image) => string;
  /** What a new image is called that the request gives no name: as its source, or as one of its own ids. */
  readonly unnamed: 'source' | keyof ImageIds;
  /** A name that is given is that of all copies of the request; without it a request for several images can't have one. */
  readonly namesAll?: true;
  /** The new image's; without it, the source's. */
  readonly rootDevice?: RootDevice;
}

/** What is known both when a copy is asked for and when it starts. */
export interface StandingFacts {
  readonly principal: Principal;
  readonly source: Image;
  /** What the principal's account is to the source's members. */
  readonly membership: MemberStatus | null;
  readonly region: string;
  readonly projectId: string;
  /** The agency that was named, and whether it delegates here; null when none was. */
  readonly agency: { readonly name: string; readonly permits: boolean } | null;
  /** Why a key that it takes cannot be used, or which one is missing; null where nothing is in its way. */
  readonly keyRefusal: RefusalError | null;
}

/** What is known under the lock of the destination, when the copy is asked for. */
export interface CopyFacts extends StandingFacts {
  /** The new image's. */
  readonly ids: ImageIds;
  readonly name: string;
  readonly encryption: CopyEncryption;
  /** An image of the account in the destination has the name already; only looked for where a rule minds. */
  readonly nameTaken: boolean;
  /** The account's unfinished copy of the same image to the same region; only looked for where a rule minds. */
  readonly unfinishedCopy: string | null;
  /** The account's unfinished copy of the same image that was asked for before; only looked for where a rule minds. */
  readonly readingCopy: string | null;
  /** What imports the source, or exports it, for the account itself; only looked for where a rule minds. */
  readonly workingTask: WorkingTask | null;
  /**
   * The account's unfinished copies between regions, with those that the same request makes before this one; only counted where
   * a rule minds: before the request there are none otherwise.
   */
  readonly unfinishedElsewhere: number;
  /**
   * Of the account in the destination, with what the same request takes before this copy. Unfinished copies are only counted
   * where a rule minds: before the request there are none otherwise.
   */
  readonly quotas: Quotas;
  readonly charge: Charge;
}

/** Whether it is encrypted with a key that was asked for. */
export function isEncrypting({ encryption }: { readonly encryption: CopyEncryption }): boolean {
  return encryption !== 'none' && encryption !== 'same';
}

/** Whether a disk that has this key, or none, is stored anew for it. */
export function isRekeyed(encryption: CopyEncryption, key: string | null): boolean {
  return encryption !== 'same' && encryption !== (key ?? 'none');
}

type Check<Name extends RuleName, Facts> = (facts: Facts, rule: RuleParameters[Name]) => RefusalError | undefined;

function checkRight({ principal, source, membership, projectId }: StandingFacts): RefusalError | undefined {
  const { accountId, visibility } = source;
  const reading = may(principal, 'copy.create', { accountId, visibility, membership, projectId: source.projectId });
  if (reading === 'hidden') return new RefusalError('image.not-found', { image: source.id });
  const creating = may(principal, 'image.create', { accountId: principal.accountId, projectId });
  const allowed = reading === 'yes' && creating === 'yes';
  return allowed ? undefined : new RefusalError('forbidden', { action: 'copy.create' });
}

function ownerOf({ principal, source, membership }: StandingFacts): SourceOwner {
  if (source.accountId === principal.accountId) return 'own';
  return membership === 'accepted' ? 'shared' : 'public';
}

/** Asked again when the job starts: rights, states and delegations end, and keys are disabled. */
const standing: {
  readonly [Name in 'right' | 'source-owner' | 'source-state' | 'agency' | 'key']: Check<Name, StandingFacts>;
} = {
  right: checkRight,
  'source-owner'(facts, { allow }) {
    const owner = ownerOf(facts);
    return allow.includes(owner) ? undefined : new RefusalError('copy.source', { image: facts.source.id, owner });
  },
  'source-state'({ source: { id, state } }, { allow }) {
    const allowed = allow === undefined ? isReadable(state) : allow.includes(state);
    return allowed ? undefined : new RefusalError('image.not-readable', { image: id, state });
  },
  agency: ({ agency, region }) =>
    agency === null || agency.permits
      ? undefined
      : new RefusalError('agency.not-permitted', { agency: agency.name, region }),
  key: ({ keyRefusal }) => keyRefusal ?? undefined,
};

type StandingName = keyof typeof standing;

const accepting: { readonly [Name in Exclude<RuleName, StandingName>]: Check<Name, CopyFacts> } = {
  region(facts, { allow, except = [], exceptEncrypting = false }) {
    const { source, region } = facts;
    if ((source.region === region) === (allow === 'same') || except.includes(ownerOf(facts))) return undefined;
    if (exceptEncrypting && isEncrypting(facts)) return undefined;
    return new RefusalError(allow === 'same' ? 'copy.other-region' : 'copy.same-region', { image: source.id, region });
  },
  unencrypted: ({ source }) =>
    isEncrypted(source) ? new RefusalError('image.encrypted', { image: source.id }) : undefined,
  'stays-encrypted': ({ source, encryption }) =>
    isEncrypted(source) && encryption === 'none'
      ? new RefusalError('copy.decrypting', { image: source.id })
      : undefined,
  'stays-plain'(facts, { owners }) {
    const { source } = facts;
    if (!owners.includes(ownerOf(facts)) || isEncrypted(source) || !isEncrypting(facts)) return undefined;
    return new RefusalError('copy.encrypting', { image: source.id });
  },
  'other-key': ({ source, encryption: key }) =>
    source.disks.some((disk) => disk.key === key)
      ? new RefusalError('copy.same-key', { image: source.id, key })
      : undefined,
  'shared-region'(facts) {
    const { source, region } = facts;
    if (source.region === region || ownerOf(facts) !== 'shared') return undefined;
    return new RefusalError('copy.shared-region', { image: source.id, region });
  },
  kind: ({ source: { id, kind } }, { allow }) =>
    allow.includes(kind) ? undefined : new RefusalError('copy.kind', { image: id, kind }),
  'root-device': ({ source: { id, rootDevice } }, { allow }) =>
    allow.includes(rootDevice) ? undefined : new RefusalError('copy.root-device', { image: id, rootDevice }),
  size({ source }, { most, mostFrom = {} }) {
    const size = sizeOf(source);
    const limit = mostFrom[source.region] ?? most;
    return size <= limit ? undefined : new RefusalError('copy.size', { image: source.id, size, limit });
  },
  'unique-name': ({ nameTaken, region, name }) =>
    nameTaken ? new RefusalError('image.name-taken', { region, name }) : undefined,
  conflict: ({ source: { id }, region, unfinishedCopy: copy }) =>
    copy === null ? undefined : new RefusalError('copy.conflict', { image: id, region, copy }),
  idle: ({ source: { id }, readingCopy: copy }) =>
    copy === null ? undefined : new RefusalError('image.being-copied', { image: id, copy }),
  untasked: ({ source: { id }, workingTask: task }) => (task === null ? undefined : taskRefusal(id, task)),
  'elsewhere-limit'({ source, region, unfinishedElsewhere: used }, { most }) {
    if (source.region === region || used < most) return undefined;
    return new RefusalError('copy.too-many-elsewhere', { limit: most, used });
  },
  quota: ({ region, quotas, charge }) => quotaRefusal(region, quotas, charge),
  'no-waiting'({ region, quotas }) {
    const { used, limit } = quotas.copies;
    return used < limit ? undefined : new RefusalError('quota.copies', { region, limit, used, wanted: 1 });
  },
};

type AcceptingName = keyof typeof accepting;
type StandingRule = Extract<CopyRule, { rule: StandingName }>;
type AcceptingRule = Extract<CopyRule, { rule: AcceptingName }>;

function isStanding(rule: CopyRule): rule is StandingRule {
  return rule.rule in standing;
}

// The tables pair each rule with its parameters, which the compiler cannot follow through a union.
function checkStanding(facts: StandingFacts, rule: StandingRule): RefusalError | undefined {
  return (standing[rule.rule] as Check<StandingName, StandingFacts>)(facts, rule as RuleParameters[StandingName]);
}

function checkAccepting(facts: CopyFacts, rule: AcceptingRule): RefusalError | undefined {
  return (accepting[rule.rule] as Check<AcceptingName, CopyFacts>)(facts, rule as RuleParameters[AcceptingName]);
}

/** What one rule says of a copy. */
export interface CopyVerdict {
  readonly rule: RuleName;
  /** Null when the rule lets it through. */
  readonly refusal: RefusalError | null;
}

/**
 * What each rule says, in the policy's order, when the copy is asked for. Whoever has no right to the image is told nothing
 * further of it.
 */
export function judgeCopy(policy: CopyPolicy, facts: CopyFacts): CopyVerdict[] {
  const verdicts: CopyVerdict[] = [];
  for (const rule of policy.rules) {
    const refusal = (isStanding(rule) ? checkStanding(facts, rule) : checkAccepting(facts, rule)) ?? null;
    verdicts.push({ rule: rule.rule, refusal });
    if (rule.rule === 'right' && refusal !== null) break;
  }
  return verdicts;
}

/** The first refusal when the copy starts, of those rules that can turn out otherwise since it was accepted. */
export function judgeStart(policy: CopyPolicy, facts: StandingFacts): RefusalError | undefined {
  for (const rule of policy.rules.filter(isStanding)) {
    const refusal = checkStanding(facts, rule);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}
