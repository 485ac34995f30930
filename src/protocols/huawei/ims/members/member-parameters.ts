/** Whom and what requests about members name. */
import { isUuid } from '../../../../domain/ids.ts';
import { FaultError } from '../../../shared/faults.ts';
import { list, type Parameter, required, text } from '../../../shared/parameters.ts';
import { commonFaults } from '../../common-faults.ts';
import type { Fault } from '../../fault.ts';
import { readId } from '../../ids.ts';
import { addMemberFaults as faults } from './member-faults.ts';

const { bodyInvalid } = commonFaults;

const imageId = text({ rule: 'a UUID', fault: faults.imageIdMalformed, matches: isUuid });

export const projectId = required(
  text({ rule: '32 hexadecimal digits', fault: faults.projectMalformed, matches: (id) => readId(id) !== undefined }),
  faults.projectMalformed,
);

export const images = idList(imageId, bodyInvalid);

export const projects = idList(projectId, faults.projectsMissing);

/** One at least, and each once. */
function idList(id: Parameter<string | undefined>, missing: Fault): Parameter<string[]> {
  const ids = required(list(id, { most: 256, tooMany: bodyInvalid, fault: bodyInvalid }), missing);
  return {
    ...ids,
    read(value, name) {
      const read = ids.read(value, name);
      if (read.length === 0) throw new FaultError(missing, name);
      return [...new Set(read.map((each) => each.toLowerCase()))];
    },
  };
}
