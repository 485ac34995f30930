/**
 * What clients may say of an image, by Glance's names for it, when they make it and when they change it. What has a meaning here
 * is read; every other text is kept with the image as it is.
 */
import type { ImageUpdate } from '../../../app/update-image.ts';
import type { AttributeChanges } from '../../../domain/image-attributes.ts';
import type { PropertyChanges } from '../../../domain/image-properties.ts';
import { maxTags, maxWhole } from '../../../domain/image-rules.ts';
import { FaultError } from '../../shared/faults.ts';
import { flag, list, oneOf, type Parameter, text, whole } from '../../shared/parameters.ts';
import { containerFormats, otherOs, otherPlatform } from '../ims/image-words.ts';
import { enterpriseProjectId } from '../ims/text-parameters.ts';
import { readTagWord, tagWord } from '../tag-words.ts';
import { glanceFaults } from './glance-faults.ts';
import { glanceSchemas } from './schemas.ts';

const { invalid, overLimit, readOnly } = glanceFaults;

interface Attribute {
  /** What an image is changed by that gets this value. */
  read(value: unknown, name: string): ImageUpdate;
  /** What takes it away; without this every image has the attribute. */
  readonly removed?: ImageUpdate;
}

function attribute<Value>(
  parameter: Parameter<Value | undefined>,
  change: (value: Value) => ImageUpdate,
  removed?: ImageUpdate,
): Attribute {
  return {
    ...(removed && { removed }),
    read(value, name) {
      const read = parameter.read(value, name);
      if (read === undefined) throw new FaultError(invalid, name);
      return change(read);
    },
  };
}

const word = text({ fault: invalid });
const amount = whole({ least: 0, most: maxWhole, fault: invalid });

/** Huawei's words, and those of OpenStack's own images. */
const architectureWords = {
  x86: 'x86_64',
  x86_64: 'x86_64',
  i386: 'i386',
  i686: 'i386',
  arm: 'arm64',
  arm64: 'arm64',
  aarch64: 'arm64',
} as const;

const osTypes = {
  Linux: { attributes: { osType: 'linux' }, properties: { __os_type: null } },
  Windows: { attributes: { osType: 'windows' }, properties: { __os_type: null } },
  [otherOs]: { attributes: { osType: null }, properties: { __os_type: otherOs } },
} as const satisfies Readonly<Record<string, ImageUpdate>>;

const words = <Word extends string>(table: Readonly<Record<Word, unknown>>) =>
  oneOf(Object.keys(table) as Word[], invalid);

const diskFormats = glanceSchemas.image.properties.disk_format?.enum?.filter((format) => format !== null) ?? [];

const attributes: Readonly<Record<string, Attribute>> = {
  name: attribute(word, (name) => ({ name })),
  protected: attribute(flag(invalid), (isProtected) => ({ protected: isProtected })),
  // An image is shared as long as it has members.
  visibility: attribute(oneOf(['private', 'shared', 'public'], invalid), (visibility) => ({
    visibility: visibility === 'public' ? 'public' : 'private',
  })),
  min_disk: attribute(amount, (minDiskGiB) => ({ attributes: { minDiskGiB } })),
  min_ram: attribute(amount, (minRamMiB) => ({ attributes: { minRamMiB } })),
  container_format: attribute(oneOf(containerFormats, invalid), (format) => ({
    properties: { container_format: format === 'bare' ? null : format },
  })),
  // What is uploaded later has to be it, where Mimeo knows the format.
  disk_format: attribute(oneOf(diskFormats, invalid), (disk_format) => ({ properties: { disk_format } })),
  os_hidden: attribute(flag(invalid), (isHidden) => {
    if (isHidden) throw new FaultError(invalid, 'os_hidden, since no image can be hidden here');
    return {};
  }),
  __description: attribute(word, (description) => ({ description }), { description: '' }),
  max_ram: attribute(amount, (most) => ({ attributes: { maxRamMiB: most || null } }), {
    attributes: { maxRamMiB: null },
  }),
  architecture: attribute(
    words(architectureWords),
    (name) => ({ attributes: { architecture: architectureWords[name] } }),
    { attributes: { architecture: null } },
  ),
  __support_arm: attribute(flag(invalid), (isArm) => ({ attributes: { architecture: isArm ? 'arm64' : 'x86_64' } }), {
    attributes: { architecture: 'x86_64' },
  }),
  hw_firmware_type: attribute(oneOf(['bios', 'uefi'] as const, invalid), (bootMode) => ({ attributes: { bootMode } }), {
    attributes: { bootMode: null },
  }),
  __os_type: attribute(words(osTypes), (type) => osTypes[type], {
    attributes: { osType: null },
    properties: { __os_type: null },
  }),
  __os_bit: attribute(oneOf(['32', '64'], invalid), (bits) => ({ attributes: { osBits: bits === '32' ? 32 : 64 } }), {
    attributes: { osBits: null },
  }),
  __os_version: attribute(word, (osVersion) => ({ attributes: { osVersion } }), { attributes: { osVersion: null } }),
  __platform: attribute(word, (name) => ({ attributes: { platform: name === otherPlatform ? null : name } }), {
    attributes: { platform: null },
  }),
  enterprise_project_id: attribute(enterpriseProjectId, (resourceGroup) => ({ resourceGroup }), {
    resourceGroup: null,
  }),
  __system_support_market: attribute(
    flag(invalid),
    (isSupported) => ({ properties: { __system_support_market: String(isSupported) } }),
    { properties: { __system_support_market: null } },
  ),
};

const readOnlyNames = new Set(
  `id owner status size virtual_size checksum os_hash_algo os_hash_value created_at updated_at deleted_at deleted active_at
  file self schema locations direct_url stores virtual_env_type __image_size __image_source_type __imagetype __isregistered
  __whole_image __data_origin __root_origin __originalimagename __backup_id __system__cmkid __account_code
  __productcode`.split(/\s+/),
);

const tagList = list(text({ rule: 'a word', fault: invalid }), { most: maxTags, tooMany: overLimit, fault: invalid });

/** `tags`: those of the image, by which words are known again whose keys have an equals sign. */
function readTags(value: unknown, tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const given = tagList.read(value, 'tags');
  if (given === undefined) throw new FaultError(invalid, 'tags');
  const known = new Map(Object.entries(tags).map(([key, value]) => [tagWord({ key, value }), { key, value }]));
  return Object.fromEntries(
    given.map((word) => {
      const { key, value } = known.get(word) ?? readTagWord(word);
      return [key, value];
    }),
  );
}

/** Of the image that is changed. */
interface Before {
  readonly tags: Readonly<Record<string, string>>;
}

/** What the image is changed by that gets this value under this name. */
export function changeBy(name: string, value: unknown, { tags }: Before): ImageUpdate {
  refuseReadOnly(name);
  if (name === 'tags') return { tags: readTags(value, tags) };
  const known = attributeOf(name);
  if (known !== undefined) return known.read(value, name);
  if (typeof value !== 'string') throw new FaultError(invalid, name);
  return { properties: { [name]: value } };
}

/** What the image is changed by that loses what it has under this name. */
export function removalOf(name: string): ImageUpdate {
  refuseReadOnly(name);
  if (isBasic(name)) throw new FaultError(glanceFaults.notRemovable, name);
  return attributeOf(name)?.removed ?? { properties: { [name]: null } };
}

/** Every image has it. */
export function isBasic(name: string): boolean {
  const known = attributeOf(name);
  return name === 'tags' || (known !== undefined && known.removed === undefined);
}

/** A text of the clients' own, which an image may lack. */
export function isCustom(name: string): boolean {
  return name !== 'tags' && !readOnlyNames.has(name) && attributeOf(name) === undefined;
}

/** All of them as one; the last one counts. */
export function mergeChanges(changes: readonly ImageUpdate[]): ImageUpdate {
  return {
    ...(Object.assign({}, ...changes) as ImageUpdate),
    attributes: merged<AttributeChanges>(changes.map((change) => change.attributes)),
    properties: merged<PropertyChanges>(changes.map((change) => change.properties)),
  };
}

/** Whatever the names are: to assign a `__proto__` would be something else. */
function merged<Changes extends object>(all: readonly (Changes | undefined)[]): Changes {
  return Object.fromEntries(all.flatMap((each) => Object.entries(each ?? {}))) as Changes;
}

function refuseReadOnly(name: string): void {
  if (readOnlyNames.has(name)) throw new FaultError(readOnly, name);
}

function attributeOf(name: string): Attribute | undefined {
  return Object.hasOwn(attributes, name) ? attributes[name] : undefined;
}
