/** What requests say of new images, wherever their bytes come from, and what of it goes into the image (reference §5, §7.1). */
import type { ImportImageCommand } from '../../../app/tasks/import-image.ts';
import type { ImageAttributes } from '../../../domain/image-attributes.ts';
import { maxWhole } from '../../../domain/image-rules.ts';
import { FaultError } from '../../shared/faults.ts';
import { flag, list, oneOf, type Read, text, whole } from '../../shared/parameters.ts';
import { commonFaults } from '../common-faults.ts';
import type { HuaweiSettings, Scope } from '../operation.ts';
import { bareMetal, osWords, otherOs } from './image-words.ts';
import { newImageFaults, osFaults } from './import-faults.ts';
import { osPlatforms } from './os-versions-data.ts';
import { checkTags, mostTags, newTag, readOlderWord } from './tags/tag-parameters.ts';
import { cmkId, enterpriseProjectId, imageDescription, imageName } from './text-parameters.ts';

const { sizeInvalid, tagInvalid, tagQuota } = newImageFaults;
const { bodyInvalid } = commonFaults;

const tagList = { most: mostTags, tooMany: tagQuota, fault: tagInvalid } as const;

/** In one of two forms. */
export const tagParameters = {
  tags: list(text({ rule: 'key=value, the older key.value, or a key', fault: tagInvalid }), tagList),
  image_tags: list(newTag, tagList),
};

/** Of instances that are made from the image. */
const memory = whole({ least: 0, most: maxWhole, fault: sizeInvalid });

export const newImageParameters = {
  name: imageName,
  description: imageDescription,
  ...tagParameters,
  enterprise_project_id: enterpriseProjectId,
};

export const memoryParameters = { min_ram: memory, max_ram: memory };

const mostSystemGiB = 1024;

export const diskGiB = {
  system: {
    ...whole({ least: 1, most: mostSystemGiB, fault: sizeInvalid }),
    rule: `40 to ${mostSystemGiB}; on Open Telekom Cloud 1 to ${mostSystemGiB}`,
  },
  data: whole({ least: 1, most: 2048, fault: sizeInvalid }),
};

/** What `min_disk` says of a system that comes from a file, which Huawei Cloud wants to have more room. */
export function systemGiB(minDisk: number | undefined, { site }: Pick<HuaweiSettings, 'site'>): number {
  const least = site === 'huawei' ? 40 : 1;
  if (minDisk === undefined || minDisk < least || minDisk > mostSystemGiB)
    throw new FaultError(sizeInvalid, 'min_disk');
  return minDisk;
}

const osVersion = text({
  rule: '1 to 128 characters; of those that ListOsVersions names, more is known',
  fault: osFaults.osVersionInvalid,
  matches: (version) =>
    version === '' || (/^(?! )[^\p{Cc}]{1,128}(?<! )$/u.test(version) && version.trim() === version),
});

/** Of images without a system. */
export const osType = oneOf(['Linux', 'Windows'], osFaults.osTypeInvalid);

/** Of images with a system. */
export const systemParameters = {
  os_type: oneOf(['Linux', 'Windows', otherOs], osFaults.osTypeInvalid),
  os_version: osVersion,
  architecture: oneOf(['x86', 'arm'], osFaults.architectureInvalid),
  hw_firmware_type: oneOf(['bios', 'uefi'], osFaults.firmwareInvalid),
  license_type: text({
    rule: '1 to 128 characters',
    fault: bodyInvalid,
    matches: (type) => type.length <= 128 && type.trim() === type && !/\p{Cc}/u.test(type),
  }),
};

/** Nothing in an image is changed: whoever asks for that gets an image that says it was not. */
export const isConfig = flag(bodyInvalid);
export const unconfigured = { __is_config_init: 'false' } as const;

export const keyParameter = { cmk_id: cmkId };

/** Of bare metal. */
export function refuseKey({ cmk_id: key }: Read<typeof keyParameter>): void {
  if (key) throw new FaultError(osFaults.isBareMetal);
}

type AskedImage = Read<typeof newImageParameters> & Partial<Read<typeof keyParameter>>;
type AskedSystem = Read<typeof systemParameters>;
type AskedMemory = Partial<Read<typeof memoryParameters>>;

/** All of a new image but its disks, its kind, and what is in it. */
export function newImageOf(
  { region, projectId }: Scope,
  { name, description = '', tags, image_tags, enterprise_project_id: group, cmk_id: key }: AskedImage,
): Omit<ImportImageCommand, 'disks' | 'kind'> {
  return {
    region,
    project: projectId,
    name,
    description,
    rootDevice: 'cloud-disk',
    tags: tagsOf({ tags, image_tags }),
    resourceGroup: group ?? undefined,
    encryption: key || undefined,
  };
}

export function tagsOf({ tags, image_tags }: Read<typeof tagParameters>): Readonly<Record<string, string>> {
  if (tags?.length && image_tags?.length) throw new FaultError(bodyInvalid, 'image_tags');
  return checkTags([...(tags ?? []).map(readOlderWord), ...(image_tags ?? [])]);
}

/** No memory is too much where the most is said to be none. */
export function memoryOf({ min_ram: minRamMiB, max_ram }: AskedMemory): ImageAttributes {
  return { minRamMiB, maxRamMiB: max_ram || undefined };
}

/** What is said of it counts for more than what its version is known for. */
export function systemOf(asked: AskedSystem): ImageAttributes {
  const { os_type, os_version, architecture, hw_firmware_type, license_type } = asked;
  const known = versions.get(os_version ?? '');
  const type = os_type ?? known?.os_type;
  const isArm = architecture === 'arm';
  return {
    osType: type === undefined || type === otherOs ? undefined : osTypes[type],
    osVersion: os_version || undefined,
    osBits: known?.os_bit,
    platform: known?.platform,
    architecture: architecture && (isArm ? 'arm64' : 'x86_64'),
    // There is no other firmware for Arm's machines.
    bootMode: isArm ? 'uefi' : hw_firmware_type,
    licenseType: license_type || undefined,
  };
}

/** What of it the domain has no word for; bare metal makes no other difference than to be shown. */
export function systemTexts(
  { os_type }: Pick<AskedSystem, 'os_type'>,
  isBareMetal = false,
): Readonly<Record<string, string>> {
  return { ...(os_type === otherOs && { __os_type: otherOs }), ...(isBareMetal && { virtual_env_type: bareMetal }) };
}

export function osTypeAttribute(word: keyof typeof osTypes | undefined): ImageAttributes {
  return { osType: osTypes[word ?? 'Linux'] };
}

const osTypes = { [osWords.linux]: 'linux', [osWords.windows]: 'windows' } as const;

const versions = new Map(
  osPlatforms([])
    .flatMap(({ version_list }) => version_list)
    .map((version) => [version.os_version, version]),
);
