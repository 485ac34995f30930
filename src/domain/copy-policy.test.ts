import { describe, expect, it } from 'vitest';
import {
  type CopyFacts,
  type CopyPolicy,
  type CopyRule,
  judgeCopy,
  judgeStart,
  type RuleName,
  type StandingFacts,
} from './copy-policy.ts';
import type { Disk, Image } from './image.ts';
import type { Principal } from './principal.ts';
import { type RefusalCode, RefusalError } from './refusal.ts';

const principal: Principal = {
  kind: 'user',
  accountId: 'mine',
  accountName: 'mine',
  accountNumber: 1,
  administers: false,
  role: 'operator',
  userId: 'user',
  name: 'user',
  accessKeyId: null,
  sessionId: null,
  agency: null,
  projects: null,
  projectId: null,
  temporary: false,
};

const disk: Disk = {
  index: 0,
  role: 'system',
  format: 'raw',
  size: 100,
  dataBytes: 60,
  digest: '',
  key: null,
  snapshot: { id: 's', aliyunId: 's-s', jdcloudId: 'snapshot-s' },
};

const source: Image = {
  id: 'source',
  aliyunId: 'm-source',
  jdcloudId: 'img-source',
  accountId: 'mine',
  accountName: 'mine',
  accountNumber: 1,
  region: 'north',
  projectId: 'north',
  resourceGroupId: null,
  resourceGroupAliyunId: null,
  name: 'debian',
  description: '',
  kind: 'system-disk',
  rootDevice: 'cloud-disk',
  attributes: {},
  properties: {},
  state: 'available',
  visibility: 'private',
  protected: false,
  tags: {},
  disks: [disk],
  sourceImageId: null,
  revision: 1,
  createdAt: 0,
  updatedAt: 0,
};

const room = { used: 0, limit: 1000 };
const facts: CopyFacts = {
  principal,
  source,
  membership: null,
  region: 'south',
  projectId: 'south',
  agency: null,
  keyRefusal: null,
  ids: { id: 'new', aliyunId: 'm-new', jdcloudId: 'img-new' },
  name: 'debian',
  encryption: 'same',
  nameTaken: false,
  unfinishedCopy: null,
  readingCopy: null,
  workingTask: null,
  unfinishedElsewhere: 0,
  quotas: { images: room, snapshots: room, bytes: room, copies: room },
  charge: { images: 1, snapshots: 1, bytes: 60 },
};

/** Every rule there is, none of which refuses `facts`. */
const rules: { readonly [Name in RuleName]: Extract<CopyRule, { rule: Name }> } = {
  right: { rule: 'right' },
  'source-owner': { rule: 'source-owner', allow: ['own'] },
  'source-state': { rule: 'source-state' },
  agency: { rule: 'agency' },
  key: { rule: 'key' },
  region: { rule: 'region', allow: 'other' },
  unencrypted: { rule: 'unencrypted' },
  'stays-encrypted': { rule: 'stays-encrypted' },
  'stays-plain': { rule: 'stays-plain', owners: ['own'] },
  'other-key': { rule: 'other-key' },
  'shared-region': { rule: 'shared-region' },
  kind: { rule: 'kind', allow: ['system-disk', 'whole-machine'] },
  'root-device': { rule: 'root-device', allow: ['cloud-disk'] },
  size: { rule: 'size', most: 100 },
  'unique-name': { rule: 'unique-name' },
  conflict: { rule: 'conflict' },
  idle: { rule: 'idle' },
  untasked: { rule: 'untasked' },
  'elsewhere-limit': { rule: 'elsewhere-limit', most: 5 },
  quota: { rule: 'quota' },
  'no-waiting': { rule: 'no-waiting' },
};
const everyRule = Object.values(rules);

function policyOf(...asked: readonly CopyRule[]): CopyPolicy {
  return { name: 'test', mostCopies: 10, rules: asked, inherits: [], unnamed: 'source' };
}

function refusals(policy: CopyPolicy, changed: CopyFacts): (RefusalCode | null)[] {
  return judgeCopy(policy, changed).map(({ refusal }) => refusal?.code ?? null);
}

function shared(changes: Partial<Image>): Image {
  return { ...source, accountId: 'theirs', visibility: 'shared', ...changes };
}

const encrypted: Image = { ...source, disks: [{ ...disk, digest: null, key: 'k' }] };

const full = { used: 10, limit: 10 };
const refused: readonly [what: string, rule: CopyRule, changes: Partial<CopyFacts>, code: RefusalCode][] = [
  ["another account's private image", rules.right, { source: shared({ visibility: 'private' }) }, 'image.not-found'],
  ['one that was rejected', rules.right, { source: shared({}), membership: 'rejected' }, 'image.not-found'],
  ['one that waits for an answer', rules.right, { source: shared({}), membership: 'pending' }, 'image.not-found'],
  ['a viewer', rules.right, { principal: { ...principal, role: 'viewer' } }, 'forbidden'],
  [
    "an agency's other project as source",
    rules.right,
    { principal: { ...principal, projects: ['south'] } },
    'image.not-found',
  ],
  [
    "an agency's other project as destination",
    rules.right,
    { principal: { ...principal, projects: ['north'] } },
    'forbidden',
  ],
  ['a shared image', rules['source-owner'], { source: shared({}), membership: 'accepted' }, 'copy.source'],
  ['a public image', rules['source-owner'], { source: shared({ visibility: 'public' }) }, 'copy.source'],
  [
    'a state that the rule does not allow',
    { rule: 'source-state', allow: ['available'] },
    { source: { ...source, state: 'deprecated' } },
    'image.not-readable',
  ],
  ['an image without bytes', rules['source-state'], { source: { ...source, state: 'queued' } }, 'image.not-readable'],
  [
    'an agency that does not delegate here',
    rules.agency,
    { agency: { name: 'a', permits: false } },
    'agency.not-permitted',
  ],
  [
    'a key that cannot be used',
    rules.key,
    { keyRefusal: new RefusalError('key.disabled', { key: 'k', state: 'disabled' }) },
    'key.disabled',
  ],
  ['the same region', rules.region, { region: 'north' }, 'copy.same-region'],
  ['another region', { rule: 'region', allow: 'same' }, {}, 'copy.other-region'],
  ['an encrypted image', rules.unencrypted, { source: encrypted }, 'image.encrypted'],
  [
    'an encrypted image that would become plain',
    rules['stays-encrypted'],
    { source: encrypted, encryption: 'none' },
    'copy.decrypting',
  ],
  ['a plain image that would be encrypted', rules['stays-plain'], { encryption: 'k' }, 'copy.encrypting'],
  [
    'a plain image of an owner whose images stay so',
    { rule: 'stays-plain', owners: ['shared'] },
    { source: shared({}), membership: 'accepted', encryption: 'k' },
    'copy.encrypting',
  ],
  ['the key that the image has', rules['other-key'], { source: encrypted, encryption: 'k' }, 'copy.same-key'],
  ['a shared image', rules['shared-region'], { source: shared({}), membership: 'accepted' }, 'copy.shared-region'],
  ['a kind', rules.kind, { source: { ...source, kind: 'iso' } }, 'copy.kind'],
  ['a root device', rules['root-device'], { source: { ...source, rootDevice: 'local-disk' } }, 'copy.root-device'],
  ['a byte too much', { rule: 'size', most: 99 }, {}, 'copy.size'],
  ['a name that is taken', rules['unique-name'], { nameTaken: true }, 'image.name-taken'],
  ['a copy that is on its way', rules.conflict, { unfinishedCopy: 'first' }, 'copy.conflict'],
  ['a source that a copy reads', rules.idle, { readingCopy: 'first' }, 'image.being-copied'],
  ['a source that is imported', rules.untasked, { workingTask: { id: 't', kind: 'import' } }, 'image.importing'],
  ['a source that is exported', rules.untasked, { workingTask: { id: 't', kind: 'export' } }, 'image.exporting'],
  ['a copy too many to elsewhere', rules['elsewhere-limit'], { unfinishedElsewhere: 5 }, 'copy.too-many-elsewhere'],
  ['an image too many', rules.quota, { quotas: { ...facts.quotas, images: full } }, 'quota.images'],
  ['a snapshot too many', rules.quota, { quotas: { ...facts.quotas, snapshots: full } }, 'quota.snapshots'],
  ['bytes too many', rules.quota, { quotas: { ...facts.quotas, bytes: { used: 0, limit: 59 } } }, 'quota.bytes'],
  ['a copy that had to wait', rules['no-waiting'], { quotas: { ...facts.quotas, copies: full } }, 'quota.copies'],
];

describe('judgeCopy', () => {
  it('lets through what no rule refuses', () => {
    expect(refusals(policyOf(...everyRule), facts)).toEqual(everyRule.map(() => null));
  });

  it.each(refused)('refuses %s by its rule, and by no other', (_, rule, changes, code) => {
    const changed = { ...facts, ...changes };
    expect(refusals(policyOf(rule), changed)).toEqual([code]);
    // What is another's is theirs, too, and what is encrypted the last one's.
    const wider: readonly RuleName[] = ['right', 'source-owner', 'shared-region', 'unencrypted'];
    const others = everyRule.filter((other) => other.rule !== rule.rule && !wider.includes(other.rule));
    expect(refusals(policyOf(...others), changed)).toEqual(others.map(() => null));
  });

  it('lets shared and public images through where the rule says so', () => {
    const policy = policyOf(rules.right, { rule: 'source-owner', allow: ['shared', 'public'] });
    expect(refusals(policy, { ...facts, source: shared({}), membership: 'accepted' })).toEqual([null, null]);
    expect(refusals(policy, { ...facts, source: shared({ visibility: 'public' }) })).toEqual([null, null]);
    expect(refusals(policy, facts)).toEqual([null, 'copy.source']);
  });

  it('tells whose the image is that is not copied', () => {
    const ofOthers = { rule: 'source-owner', allow: [] } as const;
    const owners = [
      facts,
      { ...facts, source: shared({}), membership: 'accepted' as const },
      { ...facts, source: shared({ visibility: 'public' }) },
    ].map((changed) => judgeCopy(policyOf(ofOthers), changed)[0]?.refusal?.facts);
    expect(owners).toEqual(['own', 'shared', 'public'].map((owner) => ({ image: 'source', owner })));
  });

  it('keeps in its region what is shared, and nothing else', () => {
    const policy = policyOf(rules['shared-region']);
    const ofOther = { ...facts, source: shared({}), membership: 'accepted' as const };
    expect(refusals(policy, { ...ofOther, region: 'north' })).toEqual([null]);
    expect(refusals(policy, { ...facts, source: shared({ visibility: 'public' }) })).toEqual([null]);
  });

  it('lets those through to any region whom the rule excepts', () => {
    const policy = policyOf({ rule: 'region', allow: 'other', except: ['shared'] });
    const ofOther = { ...facts, region: 'north', source: shared({}), membership: 'accepted' as const };
    expect(refusals(policy, ofOther)).toEqual([null]);
    expect(refusals(policy, { ...facts, region: 'north' })).toEqual(['copy.same-region']);
  });

  it('lets through to any region what is to be encrypted, if the rule says so', () => {
    const exceptEncrypting = { rule: 'region', allow: 'other', exceptEncrypting: true } as const;
    const inRegion = (rule: CopyRule, changes: Partial<CopyFacts>) =>
      refusals(policyOf(rule), { ...facts, region: 'north', ...changes });
    for (const encryption of ['k', 'default']) {
      expect(inRegion(exceptEncrypting, { encryption })).toEqual([null]);
      expect(inRegion(rules.region, { encryption })).toEqual(['copy.same-region']);
    }
    // What keeps its key is encrypted already.
    for (const changes of [{}, { encryption: 'none' }, { source: encrypted }]) {
      expect(inRegion(exceptEncrypting, changes)).toEqual(['copy.same-region']);
    }
  });

  it('copies what is encrypted with its key or another, where it has to stay so', () => {
    const policy = policyOf(rules['stays-encrypted']);
    for (const encryption of ['same', 'k', 'other', 'default']) {
      expect(refusals(policy, { ...facts, source: encrypted, encryption })).toEqual([null]);
    }
    expect(refusals(policy, { ...facts, encryption: 'none' })).toEqual([null]);
  });

  it('keeps plain what would be encrypted, and is not already', () => {
    const policy = policyOf(rules['stays-plain']);
    expect(refusals(policy, { ...facts, encryption: 'default' })).toEqual(['copy.encrypting']);
    for (const changes of [
      { encryption: 'none' },
      { encryption: 'same' },
      { encryption: 'other', source: encrypted },
    ]) {
      expect(refusals(policy, { ...facts, ...changes })).toEqual([null]);
    }
  });

  it('keeps plain what is of the owners that the rule names, wherever it goes, and nothing else', () => {
    const policy = policyOf({ rule: 'stays-plain', owners: ['shared'] });
    const ofOther = { ...facts, source: shared({}), membership: 'accepted' as const, encryption: 'k' };
    for (const region of ['north', 'south']) {
      expect(refusals(policy, { ...ofOther, region })).toEqual(['copy.encrypting']);
      expect(refusals(policy, { ...facts, region, encryption: 'k' })).toEqual([null]);
    }
    expect(refusals(policy, { ...ofOther, encryption: 'same' })).toEqual([null]);
    expect(refusals(policyOf({ rule: 'stays-plain', owners: [] }), ofOther)).toEqual([null]);
  });

  it('takes a key for another only if none of the disks has it', () => {
    const policy = policyOf(rules['other-key']);
    const mixed = { ...source, disks: [disk, ...encrypted.disks] };
    const [verdict] = judgeCopy(policy, { ...facts, source: mixed, encryption: 'k' });
    expect(verdict?.refusal).toMatchObject({ code: 'copy.same-key', facts: { image: 'source', key: 'k' } });
    for (const encryption of ['other', 'none', 'same', 'default']) {
      expect(refusals(policy, { ...facts, source: mixed, encryption })).toEqual([null]);
    }
    expect(refusals(policy, { ...facts, encryption: 'k' })).toEqual([null]);
  });

  it('takes an image for encrypted if any of its disks is', () => {
    const mixed = { ...facts, source: { ...source, disks: [disk, ...encrypted.disks] }, encryption: 'none' };
    expect(refusals(policyOf(rules.unencrypted, rules['stays-encrypted']), mixed)).toEqual([
      'image.encrypted',
      'copy.decrypting',
    ]);
  });

  it('lets images be larger that come from where the rule says so', () => {
    const policy = policyOf({ rule: 'size', most: 99, mostFrom: { north: 100, west: 1000 } });
    expect(refusals(policy, facts)).toEqual([null]);
    expect(refusals(policy, { ...facts, source: { ...source, region: 'east' } })).toEqual(['copy.size']);
    const larger = policyOf({ rule: 'size', most: 1000, mostFrom: { north: 99 } });
    expect(judgeCopy(larger, facts)[0]?.refusal?.facts).toEqual({ image: 'source', size: 100, limit: 99 });
  });

  it('counts to a limit only what goes elsewhere', () => {
    const policy = policyOf(rules['elsewhere-limit']);
    expect(refusals(policy, { ...facts, unfinishedElsewhere: 4 })).toEqual([null]);
    expect(refusals(policy, { ...facts, unfinishedElsewhere: 5, region: 'north' })).toEqual([null]);
  });

  it("asks in the policy's order, whatever that is", () => {
    const changed: CopyFacts = { ...facts, region: 'north', nameTaken: true, source: { ...source, state: 'queued' } };
    const asked = [rules['unique-name'], rules.region, rules['source-state']];
    const codes = ['image.name-taken', 'copy.same-region', 'image.not-readable'];
    expect(refusals(policyOf(...asked), changed)).toEqual(codes);
    expect(refusals(policyOf(...asked.toReversed()), changed)).toEqual(codes.toReversed());
  });

  it('tells nothing further of an image to whoever has no right to it', () => {
    const changed: CopyFacts = {
      ...facts,
      source: shared({ visibility: 'private', state: 'failed' }),
      nameTaken: true,
    };
    expect(refusals(policyOf(...everyRule), changed)).toEqual(['image.not-found']);
  });

  it('fills a quota to its last unit', () => {
    const just = { images: { used: 9, limit: 10 }, snapshots: { used: 9, limit: 10 }, bytes: { used: 40, limit: 100 } };
    expect(refusals(policyOf(rules.quota), { ...facts, quotas: { ...facts.quotas, ...just } })).toEqual([null]);
  });
});

describe('judgeStart', () => {
  const standingRules: readonly RuleName[] = ['right', 'source-owner', 'source-state', 'agency', 'key'];
  const {
    ids: _ids,
    name: _name,
    nameTaken: _taken,
    unfinishedCopy: _copy,
    readingCopy: _reading,
    workingTask: _task,
    unfinishedElsewhere: _elsewhere,
    encryption: _encryption,
    quotas: _quotas,
    charge: _charge,
    ...standing
  } = facts;

  it.each(refused)('of %s: asks again only what can have ended since', (_what, rule, changes, code) => {
    const changed: StandingFacts = { ...standing, ...changes };
    const refusal = judgeStart(policyOf(rule), changed);
    expect(refusal?.code).toBe(standingRules.includes(rule.rule) ? code : undefined);
  });

  it('gives the first refusal', () => {
    const changed = {
      ...standing,
      source: { ...source, state: 'failed' as const },
      agency: { name: 'a', permits: false },
    };
    expect(judgeStart(policyOf(...everyRule), changed)?.code).toBe('image.not-readable');
    expect(judgeStart(policyOf(...everyRule.toReversed()), changed)?.code).toBe('agency.not-permitted');
    expect(judgeStart(policyOf(...everyRule), standing)).toBeUndefined();
  });
});
