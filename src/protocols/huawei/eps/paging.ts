/** Pages of the service's lists. */

import { type Parameter, whole } from '../../shared/parameters.ts';
import { epsFaults } from '../eps-faults.ts';

const { limitInvalid, offsetInvalid } = epsFaults;

const mostPerPage = 1000;

export const pageParameters = {
  limit: otherwise(mostPerPage, whole({ least: 1, most: mostPerPage, fault: limitInvalid })),
  offset: otherwise(0, whole({ least: 0, most: Number.MAX_SAFE_INTEGER - mostPerPage, fault: offsetInvalid })),
};

/** The same parameter with a default. */
function otherwise<Value>(value: Value, parameter: Parameter<Value | undefined>): Parameter<Value> {
  return { ...parameter, read: (given, name) => parameter.read(given, name) ?? value };
}
