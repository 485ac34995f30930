import { text } from '../../../shared/parameters.ts';
import { identifier } from '../identifier.ts';
import { agencyFaults } from './agency-faults.ts';
import { duration } from './duration.ts';
import { imageService } from './trust.ts';

const { agencyNotFound, malformed: fault } = agencyFaults;

/** Of operations that have it in their paths. */
export const agencyId = identifier(agencyNotFound);

/** What is said of an agency when it is made, and can be changed. */
export const agencyParameters = {
  trust_domain_id: text({ rule: 'counts without trust_domain_name', fault }),
  trust_domain_name: text({ rule: `a domain's name, or ${imageService.name}, the image service`, fault }),
  description: text({ rule: 'at most 255 characters', fault }),
  duration,
};
