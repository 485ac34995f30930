/** Where a token or temporary keys are to act: `auth.scope`. */

import { object, type Read, text } from '../../shared/parameters.ts';
import { readId } from '../ids.ts';
import { tokenFaults } from './token-faults.ts';
import { accountOf, named } from './token-identity.ts';

const fault = tokenFaults.malformed;
const word = text({ fault });

export const scope = object({ project: object({ id: word, name: word, domain: named }, fault), domain: named }, fault);

type Scope = Read<{ scope: typeof scope }>['scope'];

/** As the core has it. Without a scope, or with one of the domain, it is no project: requests take their region's default one. */
export function placeOf({ project, domain }: NonNullable<Scope> = { project: undefined, domain: undefined }) {
  return {
    project: project?.id ? (readId(project.id) ?? project.id) : project?.name || undefined,
    account: accountOf(project === undefined ? domain : project.domain),
  };
}
