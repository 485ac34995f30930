/** What operations of the service are asked with. */
import { isUuid } from '../../../domain/ids.ts';
import { aliasPattern } from '../../../domain/key-rules.ts';
import { required, text } from '../../shared/parameters.ts';
import { kmsFaults } from '../kms-faults.ts';

const { keyIdInvalid, parameterMissing, sequenceInvalid } = kmsFaults;

/** Before an alias, where it stands for an id. */
const aliasMark = 'alias/';

/** By which a client finds its request again in its own log. */
export const sequence = text({ rule: '36 characters', fault: sequenceInvalid, matches: /^.{36}$/s });

const keyId = text({ rule: 'a UUID', fault: keyIdInvalid, matches: isUuid });

export const namingKey = { key_id: required(keyId, parameterMissing), sequence };

/** Of operations that have it in their paths. */
export const keyIdOfPath = required(keyId, keyIdInvalid);

/** Where it need not be named. */
export const namedKeyOrAlias = {
  key_id: text({ rule: `a UUID, or ${aliasMark} and an alias`, fault: keyIdInvalid, matches: isIdOrAlias }),
  sequence,
};

export const namingKeyOrAlias = { key_id: required(namedKeyOrAlias.key_id, parameterMissing), sequence };

function isIdOrAlias(id: string): boolean {
  if (id === '') return true;
  if (!id.startsWith(aliasMark)) return isUuid(id);
  const alias = withoutMark(id);
  return aliasPattern.test(alias) && !isUuid(alias);
}

/** An alias as it is kept; an id as it is. */
export function withoutMark(idOrAlias: string): string {
  return idOrAlias.startsWith(aliasMark) ? idOrAlias.slice(aliasMark.length) : idOrAlias;
}
