import { createKey as makeKey } from '../../../app/keys/create-key.ts';
import { aliasPattern, reservedAliases } from '../../../domain/key-rules.ts';
import { oneOf, required, text } from '../../shared/parameters.ts';
import type { Faults } from '../fault.ts';
import { toHexId } from '../ids.ts';
import { kmsFaults } from '../kms-faults.ts';
import { operation } from '../operation.ts';
import { sequence } from './key-parameters.ts';
import { keySpec, keyUsage, originOf, originWords } from './key-view.ts';

const { forbidden, jsonInvalid, parameterInvalid, parameterMissing, projectInvalid, sequenceInvalid } = kmsFaults;

export const createKeyFaults = {
  jsonInvalid,
  parameterMissing,
  sequenceInvalid,
  parameterInvalid: { ...parameterInvalid, when: 'key_spec, key_usage or origin is another than those that there are' },
  projectInvalid,
  forbidden,
  aliasInvalid: {
    status: 400,
    code: 'KMS.1101',
    message: 'Invalid key_alias.',
    when: 'key_alias breaks its rule, is a UUID or begins with alias/',
  },
  realmInvalid: {
    status: 400,
    code: 'KMS.1102',
    message: 'Invalid realm.',
    never: "the region is the project's, and realm is not looked at",
  },
  descriptionInvalid: {
    status: 400,
    code: 'KMS.1103',
    message: 'Invalid key_description.',
    when: 'key_description is no text, or has more than 255 characters',
  },
  aliasTaken: {
    status: 400,
    code: 'KMS.1104',
    message: 'Existing CMK alias.',
    when: 'another key of the account in the region has the alias',
  },
  tooMany: {
    status: 400,
    code: 'KMS.1105',
    message: 'The number of keys has reached the upper limit.',
    when: 'the account has 200 keys in the region',
  },
} as const satisfies Faults;
const { aliasInvalid, aliasTaken, descriptionInvalid, tooMany } = createKeyFaults;

/** The image service may use it from the start: the service has no operation here that would let it. */
export const createKey = operation({
  service: 'kms',
  method: 'POST',
  route: '/v1.0/{project_id}/kms/create-key',
  name: 'CreateKey',
  summary:
    'Makes a key in the region of the project, which images may be encrypted with; an external one waits for its material.',
  right: 'key.manage',
  deed: 'key.create',
  body: {
    key_alias: required(
      text({
        rule: '1 to 255 letters, digits and : / _ -, not ending with /default',
        fault: aliasInvalid,
        matches: (alias) =>
          alias === '' || (aliasPattern.test(alias) && !alias.endsWith('/default') && !reservedAliases.includes(alias)),
      }),
      parameterMissing,
    ),
    key_spec: oneOf([keySpec], createKeyFaults.parameterInvalid),
    key_usage: oneOf([keyUsage], createKeyFaults.parameterInvalid),
    key_description: text({ rule: 'at most 255 characters', fault: descriptionInvalid, matches: /^.{0,255}$/s }),
    origin: oneOf(originWords, createKeyFaults.parameterInvalid),
    sequence,
  },
  faults: createKeyFaults,
  refusals: {
    // What else is given was looked at here.
    'request.invalid': aliasInvalid,
    'key.alias-exists': aliasTaken,
    'key.limit': tooMany,
  },
  async handle({ context, caller, scope, parameters, signal }) {
    const { key_alias: alias, key_description: description = '', origin = 'kms' } = parameters;
    const command = { region: scope.region, origin: originOf(origin), description, alias, grants: ['images'] } as const;
    const { result: key } = await makeKey(context, caller, command, { signal });
    return { body: { key_info: { key_id: key.id, domain_id: toHexId(key.accountId) } } };
  },
});
