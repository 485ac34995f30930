/** Images as the image service and Glance tell of them (reference §4.2): the same object in all answers, JSON's types included. */
import type { AppContext, Caller } from '../../../app/context.ts';
import { findCopiesInto } from '../../../app/find-copy.ts';
import { findImportsInto } from '../../../app/tasks/find-task.ts';
import type { Copy } from '../../../domain/copy.ts';
import { type Image, minDiskOf, sizeOf } from '../../../domain/image.ts';
import { isReadable } from '../../../domain/states.ts';
import type { Task } from '../../../domain/task.ts';
import { toSecond } from '../../shared/times.ts';
import { toHexId } from '../ids.ts';
import { tagWord } from '../tag-words.ts';
import { enterpriseProjectOf, noEnterpriseProject } from './enterprise-project.ts';
import {
  architectureWords,
  diskFormatOf,
  environmentOf,
  firmwares,
  imageTypes,
  isProtected,
  osBitsOf,
  osTypeOf,
  otherPlatform,
  otherVersions,
  statusOf,
} from './image-words.ts';

/** What is undefined is left out: clients take a null for a text where they look for one. */
export type ImageView = Readonly<Record<string, unknown>>;

/** In their order. Where images come from is asked for of own ones alone. */
export async function viewImages(
  context: Pick<AppContext, 'db'>,
  caller: Caller,
  images: readonly Image[],
): Promise<ImageView[]> {
  const own = images.filter(({ accountId }) => accountId === caller.accountId);
  const copied = own.filter(({ sourceImageId }) => sourceImageId !== null).map(({ id }) => id);
  const others = own.filter(({ sourceImageId }) => sourceImageId === null).map(({ id }) => id);
  const copies = copied.length === 0 ? none : await findCopiesInto(context, caller, copied);
  const imports = others.length === 0 ? none : await findImportsInto(context, caller, others);
  return images.map((image) => view(image, caller, { copied: copies.get(image.id), imported: imports.get(image.id) }));
}

export async function viewImage(context: Pick<AppContext, 'db'>, caller: Caller, image: Image): Promise<ImageView> {
  const [only] = await viewImages(context, caller, [image]);
  return only as ImageView;
}

const none = new Map<string, never>();

/** What made an image, if either did and the caller may know. Of uploads nobody has kept when they ended. */
interface Making {
  readonly copied: Copy | undefined;
  readonly imported: Task | undefined;
}

function view(image: Image, caller: Caller, making: Making): ImageView {
  const { id, attributes, properties, visibility, createdAt } = image;
  const isOwn = image.accountId === caller.accountId;
  const { finishedAt } = making.copied ?? making.imported ?? { finishedAt: null };
  const size = sizeOf(image);
  return {
    // What clients keep with it is theirs to name, but not to say what the rest of the object says.
    ...properties,
    id,
    name: image.name,
    owner: toHexId(image.projectId),
    status: statusOf[image.state],
    visibility,
    protected: isProtected(image),
    // Tags are the account's own language.
    tags: isOwn
      ? Object.entries(image.tags)
          .map(([key, value]) => tagWord({ key, value }))
          .toSorted()
      : [],
    min_disk: minDiskOf(image),
    min_ram: attributes.minRamMiB ?? 0,
    max_ram: attributes.maxRamMiB === undefined ? undefined : String(attributes.maxRamMiB),
    size,
    virtual_size: null,
    // Clients check what they download against it, so the constant of the cloud's samples would fail every download.
    checksum: undefined,
    container_format: properties.container_format ?? 'bare',
    disk_format: diskFormatOf(image),
    created_at: toSecond(createdAt),
    updated_at: toSecond(image.updatedAt),
    active_at: isReadable(image.state) ? toSecond(finishedAt ?? createdAt) : undefined,
    file: `/v2/images/${id}/file`,
    self: `/v2/images/${id}`,
    schema: '/v2/schemas/image',
    architecture: architectureWords[attributes.architecture ?? 'x86_64'],
    hw_firmware_type: attributes.bootMode && firmwares[attributes.bootMode],
    virtual_env_type: environmentOf(image),
    enterprise_project_id: isOwn ? enterpriseProjectOf(image) : noEnterpriseProject,
    ...extensions(image, size),
    // Nobody else can use it.
    __system__cmkid: isOwn ? image.disks.find(({ key }) => key !== null)?.key : undefined,
    ...originOf(image, isOwn, making),
  };
}

/** Huawei's own attributes, each a text but for one. */
function extensions(image: Image, size: number): ImageView {
  const { attributes, properties, description } = image;
  const market = properties.__system_support_market;
  return {
    __description: description === '' ? undefined : description,
    __image_size: String(size),
    __image_source_type: 'uds',
    __imagetype: imageTypes[image.visibility],
    __isregistered: 'true',
    __whole_image: image.kind === 'whole-machine' ? 'true' : undefined,
    __os_type: osTypeOf(image),
    __os_bit: osBitsOf(attributes),
    __os_version: attributes.osVersion ?? assumedVersion(image),
    __platform: attributes.platform ?? otherPlatform,
    // The one word for it that Terraform reads.
    __support_arm: attributes.architecture === 'arm64' ? 'true' : undefined,
    // What is copied, the cloud makes machines of without loading all of it first.
    __lazyloading: properties.__lazyloading ?? (image.sourceImageId === null ? undefined : 'true'),
    __system_support_market: market === undefined ? undefined : market.toLowerCase() === 'true',
  };
}

/** What is not in the service's table of systems is one of its others (`os-versions-data.ts`). */
function assumedVersion(image: Image): string {
  const { platform } = image.attributes;
  const bits = osBitsOf(image.attributes);
  return platform === undefined ? `${otherVersions[osTypeOf(image)]}(${bits} bit)` : `${platform} ${bits}bit`;
}

/**
 * Where it comes from: nobody's business but its account's, and of an image that is everybody's not told at all. It is known by
 * what made the image: properties are seen by everybody who sees the image, and copies have them.
 */
function originOf(image: Image, isOwn: boolean, { copied, imported }: Making): ImageView {
  const isTold = isOwn && image.visibility !== 'public';
  const [file] = imported?.objects ?? [];
  const ofFile = file && `file,${file.bucket}:${file.object}`;
  const ofImage = copied && `image,${copied.sourceRegion},${copied.sourceImageId}`;
  return {
    __data_origin: isTold ? (ofImage ?? ofFile) : undefined,
    __root_origin: isTold && file ? 'file' : undefined,
    __originalimagename: isTold ? (image.sourceImageId ?? undefined) : undefined,
  };
}
