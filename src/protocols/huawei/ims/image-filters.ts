/** What ListImages can be asked for (reference §4.1), in the words of the domain. */
import type { ImageQuery } from '../../../app/list-images.ts';
import { isUuid } from '../../../domain/ids.ts';
import { diskFormats, type ImageKind, imageKinds, type Visibility } from '../../../domain/image.ts';
import type { ImageOwner, TagSet } from '../../../domain/image-query.ts';
import { maxTags } from '../../../domain/image-rules.ts';
import { type MemberStatus, memberStatuses } from '../../../domain/sharing.ts';
import { FaultError } from '../../shared/faults.ts';
import { flag, oneOf, type Parameter, type Read, text, whole } from '../../shared/parameters.ts';
import { keysOf } from '../../shared/words.ts';
import type { Fault } from '../fault.ts';
import { readId } from '../ids.ts';
import type { Scope } from '../operation.ts';
import { readTagWord, type Tag } from '../tag-words.ts';
import { noEnterpriseProject } from './enterprise-project.ts';
import { bareMetal, environments, imageTypes, otherPlatform, statusOf } from './image-words.ts';
import { listImagesFaults as faults } from './list-images-faults.ts';
import { momentFilter } from './moment-filter.ts';
import { traitsAsked } from './trait-filters.ts';

const fault = faults.parameterInvalid;
const word = text({ fault });
const number = whole({ least: 0, most: Number.MAX_SAFE_INTEGER, fault });
const time = momentFilter(fault);
/** Enough for a time between two others, and some that it is not. */
const mostMoments = 10;
const moment = { ...time, rule: `${time.rule}; of several, ${mostMoments} at most, all hold` };
const tag = {
  ...text({
    rule: `key=value, the older key.value, or the key of a tag without a value; of several, ${maxTags} at most, an image has all`,
    fault,
  }),
  faults: [fault, faults.tooManyTags],
};

/** Texts that clients keep with their images, found to the letter. */
const textNames = [
  '__support_kvm',
  '__support_xen',
  '__support_largememory',
  '__support_diskintensive',
  '__support_highperformance',
  '__support_xen_gpu_type',
  '__support_kvm_gpu_type',
  '__support_xen_hana',
  '__support_kvm_infiniband',
] as const;

/** An empty one asks for nothing. `flavor_id` is not read: any machine can be made from any image. */
export const imageFilters = {
  __imagetype: oneOf([...Object.values(imageTypes), 'market'], faults.imageTypeUnknown),
  visibility: word,
  protected: flag(fault),
  owner: text({ rule: 'id of a project', fault }),
  member_status: text({
    rule: `of images that are shared with the account: one of ${memberStatuses.join(', ')}`,
    fault,
  }),
  __isregistered: flag(fault),
  __whole_image: flag(fault),
  virtual_env_type: word,
  id: word,
  name: text({ rule: 'the whole name', fault }),
  status: word,
  tag,
  enterprise_project_id: text({ rule: '0 for the default one, a UUID, or all_granted_eps', fault }),
  __os_type: word,
  __os_bit: word,
  __os_version: text({ rule: 'as it was said of the image', fault }),
  __platform: word,
  architecture: word,
  container_format: word,
  disk_format: word,
  min_disk: number,
  min_ram: number,
  size_min: number,
  size_max: number,
  created_at: moment,
  updated_at: moment,
  __system__cmkid: text({ rule: 'id of a key', fault }),
  ...(Object.fromEntries(textNames.map((name) => [name, word])) as Record<(typeof textNames)[number], typeof word>),
};

type Asked = Read<typeof imageFilters>;

/** `search`: the query as it was sent, in which some may be repeated. Undefined where no image here can be asked for. */
export function imageQueryOf(asked: Asked, scope: Scope, search: string): ImageQuery | undefined {
  const visibility = visibilityAsked(asked);
  const kind = kindsAsked(asked);
  const traits = traitsAsked(asked);
  const owner = visibility === null ? [] : ownersAsked(asked, visibility, scope);
  // None for a status that no image here has, like `deleted`.
  const states = asked.status ? keysOf(statusOf, asked.status) : undefined;
  const format = diskFormats.find((each) => each === asked.disk_format);
  const { enterprise_project_id: group, __system__cmkid: key } = asked;
  const isGrouped = group && group !== noEnterpriseProject && group !== 'all_granted_eps';
  const isNone =
    visibility === null ||
    traits === undefined ||
    owner.length === 0 ||
    kind.length === 0 ||
    states?.length === 0 ||
    asked.__isregistered === false ||
    (asked.id && !isUuid(asked.id)) ||
    (asked.disk_format && format === undefined) ||
    (isGrouped && !isUuid(group)) ||
    (key && !isUuid(key));
  if (isNone) return undefined;
  const repeated = new URLSearchParams(search);
  return {
    owner,
    region: scope.region,
    ownProject: scope.projectId,
    anyProject: asked.owner ? readId(asked.owner) : undefined,
    memberStatus: (asked.member_status || undefined) as MemberStatus | undefined,
    visibility,
    keptFromDeletion: asked.protected,
    ids: asked.id ? [asked.id] : undefined,
    name: asked.name || undefined,
    states,
    kind: kind.length === imageKinds.length ? undefined : kind,
    traits,
    // Of an image of which nobody has said these.
    assumed: { platform: otherPlatform, minRamMiB: 0 },
    attributes: {
      platform: asked.__platform || undefined,
      osVersion: asked.__os_version || undefined,
      minRamMiB: asked.min_ram,
    },
    properties: textsAsked(asked),
    key: key || undefined,
    format,
    minDiskGiB: asked.min_disk,
    sizeLeast: asked.size_min,
    sizeMost: asked.size_max,
    resourceGroup: isGrouped ? group : undefined,
    isUngrouped: group === noEnterpriseProject || undefined,
    tagSets: tagsOf(repeated).map(anyOf),
    created: several(repeated, 'created_at', moment),
    updated: several(repeated, 'updated_at', moment),
  };
}

/** Null where what is asked for no image can be. */
function visibilityAsked({ __imagetype: type, visibility: word }: Asked): Visibility | null | undefined {
  if (!type && !word) return undefined;
  const known = Object.entries(imageTypes) as [Visibility, string][];
  const [meant] = known.find(([each, name]) => (!type || name === type) && (!word || each === word)) ?? [];
  return meant ?? null;
}

/** Only what is shared with the account has an answer of its own, and only own images lie in the request's project. */
function ownersAsked(
  { owner, member_status: status }: Asked,
  visibility: Visibility | undefined,
  { projectId }: Scope,
): ImageOwner[] {
  const of: Readonly<Record<Visibility, readonly ImageOwner[]>> = {
    public: ['self', 'public'],
    private: ['self'],
    shared: ['self', 'shared'],
  };
  const all = visibility === undefined ? (['self', 'public', 'others'] as const) : of[visibility];
  const answered = status ? sharedAlone(status, visibility) : all;
  if (!owner) return [...answered];
  const isOwn = readId(owner) === projectId;
  return answered.filter((each) => (each === 'self') === isOwn && readId(owner) !== undefined);
}

function sharedAlone(status: string, visibility: Visibility | undefined): readonly ImageOwner[] {
  const isAnswer = memberStatuses.some((each) => each === status);
  return isAnswer && (visibility ?? 'shared') === 'shared' ? ['shared'] : [];
}

function kindsAsked({ __whole_image: isWhole, virtual_env_type: environment }: Asked): ImageKind[] {
  const wanted = environment === bareMetal ? environments['system-disk'] : environment;
  return imageKinds.filter(
    (kind) =>
      (isWhole === undefined || isWhole === (kind === 'whole-machine')) && (!wanted || environments[kind] === wanted),
  );
}

function textsAsked(asked: Asked): Readonly<Record<string, string>> {
  return Object.fromEntries(textNames.flatMap((name) => (asked[name] ? [[name, asked[name]]] : [])));
}

/** As they are shown, or in the older form. */
function tagsOf(search: URLSearchParams): Tag[] {
  const words = several(search, 'tag', tag, { most: maxTags, tooMany: faults.tooManyTags });
  return words.map((given) => readTagWord(given.includes('=') ? given : given.replace('.', '=')));
}

/** A tag may also be one of Glance's words, in which a full stop is a character as any other: `a.b` is asked for as `a=b`. */
function anyOf({ key, value }: Tag): TagSet {
  const word = value === '' ? [] : [{ key: `${key}.${value}`, values: [''] }];
  return { match: 'any', choices: [{ key, values: [value] }, ...word] };
}

/** All values of a parameter that is repeated; each is one more condition, so they are bounded. */
function several<Value>(
  search: URLSearchParams,
  name: string,
  parameter: Parameter<Value | undefined>,
  { most, tooMany }: { readonly most: number; readonly tooMany: Fault } = { most: mostMoments, tooMany: fault },
): Value[] {
  const given = search.getAll(name).filter((text) => text !== '');
  if (given.length > most) throw new FaultError(tooMany, name);
  return given.flatMap((text) => parameter.read(text, name) ?? []);
}
