/** What temporary keys are asked for with: `auth`. */
import { FaultError } from '../../../shared/faults.ts';
import { list, object, type Parameter, type Read, required, text, whole } from '../../../shared/parameters.ts';
import { scope } from '../token-scope.ts';
import { securityTokenFaults } from './credential-faults.ts';

const fault = securityTokenFaults.malformed;
const word = text({ fault });

export const usualSeconds = 900;

const duration_seconds = {
  ...whole({ least: 900, most: 86_400, fault }),
  rule: `900 to 86400, by default ${usualSeconds}; shortened to what tokens live here, and to what the asking one has left`,
};

/** Mimeo has none, and without it the keys would give more than was asked for. */
const policy: Parameter<undefined> = {
  type: 'Object',
  isRequired: false,
  rule: 'must not be given',
  faults: [fault],
  read(value, name) {
    if (value !== undefined && value !== null) throw new FaultError(fault, name);
    return undefined;
  },
};

const sessionUser = text({
  rule: '5 to 64 letters, digits and - _, beginning with a letter',
  fault,
  matches: /^([A-Za-z][\w-]{4,63})?$/,
});

const members = {
  methods: required(list(word, { most: 4, tooMany: fault, fault }), fault),
  token: object({ id: word, duration_seconds }, fault),
  assume_role: object(
    {
      agency_name: word,
      // What the agency's name was called once.
      xrole_name: word,
      domain_id: word,
      domain_name: word,
      duration_seconds,
      session_user: object({ name: sessionUser }, fault),
    },
    fault,
  ),
  policy,
};

export type AskedIdentity = Read<typeof members>;

export const auth = required(object({ identity: required(object(members, fault), fault), scope }, fault), fault);
