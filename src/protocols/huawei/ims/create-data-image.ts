import { required } from '../../shared/parameters.ts';
import { operation } from '../operation.ts';
import { importFaults, osFaults } from './import-faults.ts';
import {
  diskGiB,
  keyParameter,
  newImageOf,
  newImageParameters,
  osType,
  osTypeAttribute,
} from './new-image-parameters.ts';
import { filePlace } from './object-place.ts';
import { importRefusals, ordinaryObject, startImports } from './start-import.ts';

const faults = { ...importFaults, osTypeInvalid: osFaults.osTypeInvalid } as const;

export const createDataImage = operation({
  service: 'ims',
  method: 'POST',
  route: '/v1/cloudimages/dataimages/action',
  twins: ['/v2.1/cloudimages/dataimages/action'],
  name: 'CreateDataImage',
  summary: 'Makes an image of a data disk from an object in a bucket; the answer is a job.',
  right: 'image.create',
  body: {
    ...newImageParameters,
    image_url: required(filePlace, faults.urlMalformed),
    min_disk: required(diskGiB.data, faults.sizeInvalid),
    os_type: osType,
    ...keyParameter,
  },
  faults,
  refusals: importRefusals,
  async handle({ context, caller, scope, parameters: asked }) {
    const { image_url: place, min_disk: minDiskGiB } = asked;
    const image = {
      ...newImageOf(scope, asked),
      kind: 'data-disk',
      attributes: { ...osTypeAttribute(asked.os_type), minDiskGiB },
      disks: [{ ...ordinaryObject(place), role: 'data' }],
    } as const;
    return await startImports({ context, caller }, [image]);
  },
});
