/**
 * The four JSON schemas of `GET /v2/schemas/…`, by their name. python-glanceclient downloads the image's, validates every
 * image it gets and every change it is asked for against it, and takes from `is_base` which operation of JSON patch an
 * attribute needs: so whatever can be null says so, and every attribute that is not a string is named.
 */
import { containerFormats } from '../ims/image-words.ts';

export interface GlanceSchema {
  readonly name: string;
  readonly properties: Readonly<Record<string, GlanceProperty>>;
  readonly additionalProperties?: GlanceProperty;
  readonly links?: readonly { readonly href: string; readonly rel: string }[];
}

export interface GlanceProperty {
  readonly type: JsonType | readonly JsonType[];
  readonly description?: string;
  readonly enum?: readonly (string | null)[];
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly readOnly?: true;
  /** False: a property that an image may lack, which is added, not replaced. */
  readonly is_base?: false;
  readonly items?: GlanceProperty | GlanceSchema;
}

type JsonType = 'null' | 'string' | 'integer' | 'boolean' | 'array';

const uuid = '^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$';
const orNull = (type: JsonType) => ['null', type] as const;
const described = { href: '{schema}', rel: 'describedby' };

/** What the service alone sets. */
const readOnly = (description: string, type: GlanceProperty['type'] = 'string') =>
  ({ readOnly: true, type, description }) as const;

/** What an image may lack. */
const extension = (type: GlanceProperty['type']) => ({ type, is_base: false }) as const;

/** Those of OpenStack. */
const native: Readonly<Record<string, GlanceProperty>> = {
  id: { type: 'string', pattern: uuid, description: 'An identifier for the image' },
  name: { type: orNull('string'), maxLength: 255, description: 'Descriptive name for the image' },
  status: {
    ...readOnly('Status of the image'),
    enum: ['queued', 'saving', 'active', 'killed', 'deleted', 'pending_delete'],
  },
  visibility: { type: 'string', enum: ['public', 'private', 'shared'], description: 'Scope of image accessibility' },
  protected: { type: 'boolean', description: 'If true, image will not be deletable' },
  tags: { type: 'array', items: { type: 'string', maxLength: 255 }, description: 'Strings related to the image' },
  container_format: {
    type: orNull('string'),
    enum: [null, ...containerFormats],
    description: 'Format of the container',
  },
  disk_format: {
    type: orNull('string'),
    enum: [null, 'zvhd2', 'zvhd', 'vhd', 'vhdx', 'raw', 'qcow2', 'vmdk', 'vdi', 'qed', 'iso', 'ami', 'ari', 'aki'],
    description: 'Format of the disk',
  },
  min_disk: { type: 'integer', description: 'Disk space in GB that is required to boot the image' },
  min_ram: { type: 'integer', description: 'Memory in MB that is required to boot the image' },
  owner: { type: orNull('string'), maxLength: 255, description: 'Owner of the image' },
  size: readOnly('Size of image file in bytes', orNull('integer')),
  virtual_size: readOnly('Virtual size of image in bytes', orNull('integer')),
  checksum: { ...readOnly('MD5 hash of image contents', orNull('string')), maxLength: 32 },
  created_at: readOnly('Date and time of image registration'),
  updated_at: readOnly('Date and time of the last image modification'),
  file: readOnly('An image file URL'),
  self: readOnly('An image URL'),
  schema: readOnly('An image schema URL'),
  architecture: extension('string'),
  os_distro: extension('string'),
  os_version: extension('string'),
  instance_uuid: extension('string'),
  kernel_id: { ...extension(orNull('string')), pattern: uuid },
  ramdisk_id: { ...extension(orNull('string')), pattern: uuid },
};

/** Those that the image service adds; all are strings, whatever they mean. */
const strings = `
  active_at enterprise_project_id hw_firmware_type hw_vif_multiqueue_enabled max_ram os_shutdown_timeout virtual_env_type
  __account_code __backup_id __data_origin __description __image_displayname __image_location __image_size
  __image_source_type __imagetype __is_config_init __is_offshelved __isregistered __lazyloading __originalimagename
  __os_bit __os_feature_list __os_type __os_version __platform __productcode __root_origin __sequence_num
  __support_agent_list __support_amd __support_arm __support_diskintensive __support_fc_inject
  __support_highperformance __support_kvm __support_kvm_gpu_type __support_kvm_hi1822_hisriov
  __support_kvm_hi1822_hivirtionet __support_kvm_infiniband __support_largememory __support_xen
  __support_xen_gpu_type __support_xen_hana __system__cmkid`;

const image: GlanceSchema = {
  name: 'image',
  properties: {
    ...native,
    ...Object.fromEntries(
      strings
        .trim()
        .split(/\s+/)
        .map((name) => [name, extension('string')]),
    ),
    __system_support_market: extension('boolean'),
    // A boolean in the table of attributes, yet all its sisters are strings on the wire.
    __whole_image: extension(['string', 'boolean']),
  },
  additionalProperties: { type: 'string' },
  links: [{ href: '{self}', rel: 'self' }, { href: '{file}', rel: 'enclosure' }, described],
};

const member: GlanceSchema = {
  name: 'member',
  properties: {
    image_id: { type: 'string', pattern: uuid, description: 'An identifier for the image' },
    member_id: { type: 'string', description: 'The project that the image is shared with' },
    status: { type: 'string', enum: ['pending', 'accepted', 'rejected'], description: 'The status of this member' },
    created_at: readOnly('Date and time of sharing'),
    updated_at: readOnly('Date and time of the last change'),
    schema: readOnly('A member schema URL'),
  },
};

export const glanceSchemas = {
  image,
  images: {
    name: 'images',
    properties: {
      images: { type: 'array', items: image },
      first: { type: 'string' },
      next: { type: 'string' },
      schema: { type: 'string' },
    },
    links: [{ href: '{first}', rel: 'first' }, { href: '{next}', rel: 'next' }, described],
  },
  member,
  members: {
    name: 'members',
    properties: { members: { type: 'array', items: member }, schema: { type: 'string' } },
    links: [described],
  },
} as const satisfies Readonly<Record<string, GlanceSchema>>;
