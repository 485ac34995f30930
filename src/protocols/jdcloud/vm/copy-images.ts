import { copyImages as copySources } from '../../../app/copy-images.ts';
import { requireRegion } from '../../../app/place-image.ts';
import type { Image } from '../../../domain/image.ts';
import { FaultError } from '../../shared/faults.ts';
import type { Parameter } from '../../shared/parameters.ts';
import { commonFaults } from '../common-faults.ts';
import { jdcloudCopyPolicies } from '../copy-policy.ts';
import { operation } from '../operation.ts';
import { newerOnly } from '../page.ts';
import { required, text, texts } from '../parameters.ts';
import { copyImagesFaults as faults } from './copy-images-faults.ts';
import { imageDescription, imageName } from './image-texts.ts';
import { findVisibleImage, namingSnapshots } from './named-image.ts';

const { parameterInvalid, parameterMissing } = commonFaults;

const ids = texts(text({ matches: /./ }), 10);

const sourceImageIds: Parameter<readonly string[]> = {
  ...required(ids),
  rule: `${ids.rule}; none of them twice`,
  read(value, name) {
    const wanted = ids.read(value, name) ?? [];
    if (wanted.length === 0) throw new FaultError(parameterMissing, name);
    if (new Set(wanted).size < wanted.length) throw new FaultError(parameterInvalid, name);
    return wanted;
  },
};

/** The new images' ids are answered at once. How far each copy is, describeImage says where it is made. */
export const copyImages = operation({
  service: 'vm',
  method: 'POST',
  route: '/images:copyImages',
  name: 'copyImages',
  summary: 'Copies images to a region: all of them, or none.',
  right: 'copy.create',
  body: {
    sourceImageIds,
    destinationRegion: required(text()),
    name: newerOnly(imageName),
    description: newerOnly(imageDescription),
  },
  faults,
  refusals: {
    'copy.root-device': faults.notCloudDisk,
    'copy.same-region': ({ region }) => new FaultError(faults.regionInvalid, region),
  },
  async handle({ context, caller, region, parameters }) {
    const { page } = context;
    const { sourceImageIds, destinationRegion } = parameters;
    const [name, description] = [parameters.name(page), parameters.description(page)];
    requireRegion(context, destinationRegion);
    const sources: Image[] = [];
    for (const id of sourceImageIds) sources.push(await findVisibleImage(context, caller, region, id));
    const images = sources.map(({ id }) => id);
    const command = { policy: jdcloudCopyPolicies[page], images, regions: [destinationRegion], name, description };
    const accepted = await namingSnapshots(sources, faults.encrypted, () => copySources(context, caller, command));
    return {
      copyImages: accepted.images.map(({ jdcloudId: destinationImageId }, index) => ({
        destinationImageId,
        sourceImageId: sourceImageIds[index],
      })),
    };
  },
});
