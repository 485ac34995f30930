import { FaultError, unused } from '../../shared/faults.ts';
import { oneOf, text } from '../../shared/parameters.ts';
import { commonFaults } from '../common-faults.ts';
import type { Faults } from '../fault.ts';
import { operation } from '../operation.ts';
import { createImageFaults, newImageFaults } from './import-faults.ts';
import { memoryParameters, newImageParameters, tagsOf } from './new-image-parameters.ts';

const faults = {
  ...newImageFaults,
  sizeInvalid: { ...newImageFaults.sizeInvalid, when: 'min_ram or max_ram is no number in its range' },
  serverNotFound: createImageFaults.serverNotFound,
  sourceMissing: {
    status: 400,
    code: 'IMG.0012',
    message: 'The ECS ID is not specified.',
    when: 'neither instance_id nor backup_id is given',
  },
  backupNotFound: {
    status: 400,
    code: 'IMG.0127',
    message: 'The CSBS backup does not exist.',
    when: 'backup_id is given, and whole_image_type is CSBS or missing: there are no backups here',
  },
  cbrBackupNotFound: {
    status: 400,
    code: 'IMG.0198',
    message: 'Backup ID does not match the backup type or does not exist.',
    when: 'backup_id is given, and whole_image_type is CBR: there are no backups here',
  },
  ...unused('there are no servers here, nor backups and vaults: nothing gets so far', [
    [400, 'IMG.0015', 'The number of private images has reached the maximum allowed.'],
    [400, 'IMG.0019', 'The backup ID is not specified.'],
    [400, 'IMG.0020', 'The backup does not exist.'],
    [400, 'IMG.0029', 'The backup in the request has already been used to create an image.'],
    [400, 'IMG.0032', 'The backup is unavailable.'],
    [400, 'IMG.0033', 'The backup is not a system disk backup.'],
    [400, 'IMG.0126', 'The VM in the current stage cannot be used to create a full-ECS image.'],
    [400, 'IMG.0132', 'The CSBS backup in the current state cannot be used to create a full-ECS image.'],
    [400, 'IMG.0133', 'You are not allowed to access the CSBS backup.'],
    [400, 'IMG.0134', 'The CSBS backup has been registered as an image.'],
    [400, 'IMG.0136', 'Failed to create a full-ECS image because the ECS is being backed up.'],
    [400, 'IMG.0165', 'You do not have permission to access the CSBS backup.'],
    [400, 'IMG.0180', 'CBR does not support full-ECS image creation.'],
    [400, 'IMG.0181', 'Failed to obtain ECSs that can be protected.'],
    [400, 'IMG.0182', 'Insufficient vault capacity. Please expand the capacity.'],
    [400, 'IMG.0183', 'The ECS can only be associated with one vault.'],
    [400, 'IMG.0184', 'Failed to obtain the vault.'],
    [400, 'IMG.0185', 'The number of ECSs associated with the vault has reached the upper limit.'],
    [400, 'IMG.0186', 'The ECS is associated with the CSBS service.'],
    [400, 'IMG.0188', 'Vault is unavailable.'],
    [400, 'IMG.0190', 'Full-ECS images can be created only from CBR backups.'],
    [400, 'IMG.0193', 'The vault is not a cloud server backup vault.'],
    [400, 'IMG.0195', 'Full-ECS images created from CBR backups must contain an OS.'],
  ]),
} as const satisfies Faults;

const id = text({ rule: 'there is none here', fault: commonFaults.bodyInvalid });

/** Whole machines come here as copies of others, or through the native API. */
export const createWholeImage = operation({
  service: 'ims',
  method: 'POST',
  route: '/v1/cloudimages/wholeimages/action',
  name: 'CreateWholeImage',
  summary: 'Would make an image of a server or a backup, of which there are none.',
  right: 'image.create',
  body: {
    ...newImageParameters,
    ...memoryParameters,
    instance_id: id,
    backup_id: id,
    whole_image_type: oneOf(['CSBS', 'CBR'], commonFaults.bodyInvalid),
    vault_id: id,
  },
  faults,
  async handle({ parameters: { tags, image_tags, instance_id, backup_id, whole_image_type: type } }) {
    tagsOf({ tags, image_tags });
    if (instance_id) throw new FaultError(faults.serverNotFound);
    if (!backup_id) throw new FaultError(faults.sourceMissing);
    throw new FaultError(type === 'CBR' ? faults.cbrBackupNotFound : faults.backupNotFound);
  },
});
