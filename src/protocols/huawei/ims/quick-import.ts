import { FaultError } from '../../shared/faults.ts';
import { oneOf, required } from '../../shared/parameters.ts';
import { operation } from '../operation.ts';
import { importFaults, osFaults, quickImportFaults } from './import-faults.ts';
import {
  diskGiB,
  keyParameter,
  newImageOf,
  newImageParameters,
  osType,
  osTypeAttribute,
  refuseKey,
  systemGiB,
  systemOf,
  systemParameters,
  systemTexts,
} from './new-image-parameters.ts';
import { filePlace } from './object-place.ts';
import { importRefusals, quickObject, startImports } from './start-import.ts';

const faults = { ...importFaults, ...osFaults, ...quickImportFaults } as const;

/** Larger objects than the ordinary import takes, of raw disks only; it is no quicker here. */
export const quickImportImage = operation({
  service: 'ims',
  method: 'POST',
  route: '/v2/cloudimages/quickimport/action',
  twins: ['/v2.1/cloudimages/quickimport/action'],
  name: 'ImportImageQuick',
  summary: 'Makes an image of a system or data disk from an object that has a raw disk; the answer is a job.',
  right: 'image.create',
  body: {
    ...newImageParameters,
    image_url: required(filePlace, faults.urlMalformed),
    min_disk: {
      ...required(diskGiB.data, faults.sizeInvalid),
      rule: `${diskGiB.system.rule}; of a data disk ${diskGiB.data.rule}`,
    },
    type: oneOf(['ECS', 'BMS', 'DataImage'], faults.imageTypeInvalid),
    ...systemParameters,
    ...keyParameter,
  },
  faults,
  refusals: importRefusals,
  async handle({ context, caller, scope, parameters: asked }) {
    const { image_url: place, min_disk: minDiskGiB, type } = asked;
    const isData = type === 'DataImage';
    if (!isData && !asked.os_version) throw new FaultError(faults.osVersionMissing);
    if (!isData) systemGiB(minDiskGiB, context.settings);
    if (type === 'BMS') refuseKey(asked);
    const image = {
      ...newImageOf(scope, asked),
      kind: isData ? 'data-disk' : 'system-disk',
      attributes: {
        ...(isData ? osTypeAttribute(osType.read(asked.os_type, 'os_type')) : systemOf(asked)),
        minDiskGiB,
      },
      properties: systemTexts(asked, type === 'BMS'),
      disks: [{ ...quickObject(place, minDiskGiB), role: isData ? 'data' : 'system' }],
    } as const;
    return await startImports({ context, caller }, [image]);
  },
});
