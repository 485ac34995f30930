import { FaultError } from '../../shared/faults.ts';
import type { NoParameters } from '../../shared/parameters.ts';
import { operation } from '../operation.ts';
import { filledText, list, object, required, text } from '../parameters.ts';
import { createImageFaults as faults, unusedCreateImageFaults } from './create-image-faults.ts';
import { imageDescription } from './image-texts.ts';

const nameOfTwo = filledText({
  rule: '2 to 32 Chinese characters, letters, digits, . _ and -',
  matches: /^[\p{Script=Han}A-Za-z\d_.-]{2,32}$/u,
});

/** Packer and the like ask for it once they have an instance; here nobody has one. */
export const createImage = operation({
  service: 'vm',
  method: 'POST',
  route: '/instances/{instanceId}:createImage',
  name: 'createImage',
  summary: 'Makes an image of an instance: there are none.',
  right: 'image.create',
  path: { instanceId: required(text()) },
  body: {
    name: required(nameOfTwo),
    description: imageDescription,
    dataDisks: list({ ...object<NoParameters>({}), rule: 'an object' }, 8),
  },
  faults: { ...faults, ...unusedCreateImageFaults },
  async handle({ parameters }) {
    throw new FaultError(faults.instanceNotFound, parameters.instanceId);
  },
});
