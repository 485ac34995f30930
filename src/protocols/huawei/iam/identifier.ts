import { FaultError } from '../../shared/faults.ts';
import type { Parameter } from '../../shared/parameters.ts';
import type { Fault } from '../fault.ts';
import { readId } from '../ids.ts';

/** An id of a path, read to the UUID; what is none names nothing, as the fault says, whose `%s` it is. */
export function identifier(fault: Fault): Parameter<string> {
  return {
    type: 'String',
    isRequired: true,
    rule: '32 hexadecimal digits',
    faults: [fault],
    read(value) {
      const id = typeof value === 'string' ? readId(value) : undefined;
      if (id === undefined) throw new FaultError(fault, typeof value === 'string' ? value : '');
      return id;
    },
  };
}
