/** The changes of UpdateImage, one attribute each, as one change in the words of the domain (reference §7.4). */
import type { ImageUpdate } from '../../../app/update-image.ts';
import type { Image } from '../../../domain/image.ts';
import { maxWhole } from '../../../domain/image-rules.ts';
import { FaultError } from '../../shared/faults.ts';
import { flag, isObject, oneOf, type Parameter, whole } from '../../shared/parameters.ts';
import { enterpriseProjectId, imageDescription, imageName } from './text-parameters.ts';
import { updateImageFaults as faults } from './update-image-faults.ts';

const ops = ['add', 'replace', 'remove'] as const;

interface Patch {
  readonly op: (typeof ops)[number];
  readonly attribute: string;
  /** Undefined where it is to be removed. */
  readonly value: unknown;
}

const mostPatches = 100;

export const patches: Parameter<readonly Patch[]> = {
  type: 'Array',
  isRequired: true,
  rule: `1 to ${mostPatches} changes, each with an op (${ops.join(', ')}), the attribute as its path (/name) and its value`,
  faults: [faults.bodyEmpty, faults.patchInvalid],
  read(value) {
    if (!Array.isArray(value) || value.length > mostPatches) throw new FaultError(faults.patchInvalid);
    if (value.length === 0) throw new FaultError(faults.bodyEmpty);
    return value.map(readPatch);
  },
};

function readPatch(patch: unknown): Patch {
  if (!isObject(patch)) throw new FaultError(faults.patchInvalid);
  const op = ops.find((each) => each === patch.op);
  const [, attribute] = (typeof patch.path === 'string' && /^\/([^/\p{Lu}]+)$/u.exec(patch.path)) || [];
  const isValued = op === 'remove' || Object.hasOwn(patch, 'value');
  if (op === undefined || attribute === undefined || !isValued) throw new FaultError(faults.patchInvalid);
  return { op, attribute, value: op === 'remove' ? undefined : patch.value };
}

const ram = whole({ least: 0, most: maxWhole, fault: faults.sizeInvalid });
const firmware = oneOf(['bios', 'uefi'], faults.firmwareUnknown);
const support = flag(faults.patchInvalid);

/** Those that every image has, so that they can be replaced though they were never added. Without a value they are removed. */
const documented: Readonly<Record<string, (value: unknown, name: string) => ImageUpdate>> = {
  name: (value, name) => ({ name: imageName.read(value, name) }),
  __description: (value, name) => ({ description: imageDescription.read(value, name) ?? '' }),
  min_ram: (value, name) => ({ attributes: { minRamMiB: ram.read(value, name) ?? null } }),
  // Clients take 0 for no limit.
  max_ram: (value, name) => ({ attributes: { maxRamMiB: ram.read(value, name) || null } }),
  hw_firmware_type: (value, name) => ({ attributes: { bootMode: firmware.read(value, name) ?? null } }),
  // Another word for the architecture, which it is shown from.
  __support_arm: (value, name) => ({
    attributes: { architecture: support.read(value, name) ? 'arm64' : 'x86_64' },
  }),
  enterprise_project_id: (value, name) => ({ resourceGroup: enterpriseProjectId.read(value, name) ?? null }),
};

/** Texts, but documented like those above. */
const documentedText = /^(hw_vif_multiqueue_enabled|__is_config_init|__support_\w+)$/;

const readOnly = new Set(
  `id owner status visibility protected tags size virtual_size checksum container_format disk_format min_disk created_at
  updated_at active_at deleted deleted_at file self schema locations direct_url architecture virtual_env_type __image_size
  __image_source_type __imagetype __isregistered __whole_image __os_type __os_bit __os_version __platform __backup_id
  __system_support_market __data_origin __root_origin __originalimagename __system__cmkid __account_code __productcode`.split(
    /\s+/,
  ),
);

interface PatchedImage {
  readonly update: ImageUpdate;
  /** It depends on which attributes the image has. */
  readonly isConditional: boolean;
}

/** Later changes see what earlier ones have done. */
export function updateOf(image: Pick<Image, 'properties'>, changes: readonly Patch[]): PatchedImage {
  const custom = new Map<string, string | null>(Object.entries(image.properties));
  const properties = new Map<string, string | null>();
  let update: ImageUpdate = {};
  let isConditional = false;
  for (const { op, attribute, value } of changes) {
    if (readOnly.has(attribute)) throw new FaultError(faults.readOnly);
    const own = Object.hasOwn(documented, attribute) ? documented[attribute] : undefined;
    if (own !== undefined) {
      const { attributes, ...change } = own(value, attribute);
      update = { ...update, ...change };
      if (attributes !== undefined) update = { ...update, attributes: { ...update.attributes, ...attributes } };
      continue;
    }
    const mustBeThere = op !== 'add' && !documentedText.test(attribute);
    if (mustBeThere && (custom.get(attribute) ?? null) === null) throw new FaultError(faults.attributeConflict);
    isConditional ||= mustBeThere;
    const text = op === 'remove' ? null : textOf(value);
    custom.set(attribute, text);
    properties.set(attribute, text);
  }
  return {
    update: properties.size === 0 ? update : { ...update, properties: Object.fromEntries(properties) },
    isConditional,
  };
}

function textOf(value: unknown): string {
  if (!['string', 'number', 'boolean'].includes(typeof value)) throw new FaultError(faults.patchInvalid);
  return String(value);
}
