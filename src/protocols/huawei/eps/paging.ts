/** Pages of the service's lists. */

import { defaulting, whole } from '../../shared/parameters.ts';
import { epsFaults } from '../eps-faults.ts';

const { limitInvalid, offsetInvalid } = epsFaults;

const mostPerPage = 1000;

export const pageParameters = {
  limit: defaulting(whole({ least: 1, most: mostPerPage, fault: limitInvalid }), mostPerPage),
  offset: defaulting(whole({ least: 0, most: Number.MAX_SAFE_INTEGER - mostPerPage, fault: offsetInvalid }), 0),
};
