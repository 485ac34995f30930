import { FaultError } from '../../shared/faults.ts';
import { list, type NoParameters, object, required, text } from '../../shared/parameters.ts';
import { commonFaults } from '../common-faults.ts';
import { operation } from '../operation.ts';
import { createImageFaults as faults, unusedCreateImageFaults } from './create-image-faults.ts';
import { imageDescription, imageName } from './image-texts.ts';

const { outOfRange, parameterInvalid, parameterMissing } = commonFaults;

/** Packer and the like ask for it once they have an instance; here nobody has one. */
export const createImage = operation({
  service: 'vm',
  method: 'POST',
  route: '/instances/{instanceId}:createImage',
  name: 'createImage',
  summary: 'Makes an image of an instance: there are none.',
  right: 'image.create',
  path: { instanceId: required(text({ fault: parameterInvalid }), parameterMissing) },
  body: {
    name: required(imageName, parameterMissing),
    description: imageDescription,
    dataDisks: list(
      { ...object<NoParameters>({}, parameterInvalid), rule: 'an object' },
      { most: 8, tooMany: outOfRange, fault: parameterInvalid },
    ),
  },
  faults: { ...faults, ...unusedCreateImageFaults },
  async handle({ parameters }) {
    throw new FaultError(faults.instanceNotFound, parameters.instanceId);
  },
});
