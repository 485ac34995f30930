/** Settings of what keeps secrets: the master key, and who holds the keys of images. A part of the schema. */
import { mostDeletionDays } from '../domain/key.ts';
import { accountName } from '../domain/tenant-rules.ts';
import { details } from './details.ts';
import { hideAll } from './redact.ts';
import { httpUrl, names, oneOf, text, whole } from './values.ts';

/** What a region can be called. */
export const regionName = /^[a-z][a-z0-9-]{1,62}$/;

export const keySettings = {
  masterKey: text('32 bytes, as 64 hexadecimal digits or in base64', /^\s*([\da-f]{64}|[\w+/-]{43}=?)\s*$/i)
    .optional()
    .register(details, {
      description:
        "What the installation's secrets and keys are wrapped with. Without it and `masterKeyCommand` it is in the data directory's `master.key`, made at the first start; with one of them that file is neither made nor read.",
      secret: hideAll,
    }),
  masterKeyCommand: text('the absolute path of a program', /^\//).optional().register(details, {
    description:
      "A program that prints the master key: 32 bytes as they are, in hexadecimal or in base64. It is run at each start, without arguments or a shell, and nobody but root and Mimeo's user may be able to write it.",
  }),
  keyProvider: oneOf(['local', 'vault']).default('local').register(details, {
    description:
      'What holds the keys that images are encrypted with: `local`, the database, where they are wrapped with the master key, or `vault`, the Transit engine of HashiCorp Vault or OpenBao. What one of them has wrapped the other cannot open: once there are keys, a server with the other one does not start.',
  }),
  keyDeletionDays: whole(0, mostDeletionDays).default(7).register(details, {
    description:
      'The fewest days that a key waits for its end once its deletion is asked for; until then that can be called off.',
  }),
  keylessRegions: names(regionName, 'names of regions').optional().register(details, {
    description:
      'Regions in which nothing is encrypted, and no keys are made. What is encrypted there already stays readable.',
  }),
  defaultKeyRegions: names(regionName, 'names of regions').optional().register(details, {
    description:
      'Regions in which images are encrypted with the default key of their account, and it can make no keys of its own.',
  }),
  keyAccounts: names(accountName, 'names of accounts').optional().register(details, {
    description: 'The accounts that may make keys of their own, and encrypt with them; all of them without it.',
  }),
  vaultAddress: httpUrl().optional().register(details, {
    description:
      'Where Vault answers. The name of a file with its certificate authority, if it has one of its own, goes into the variable `NODE_EXTRA_CA_CERTS`.',
  }),
  vaultToken: text('a token of visible letters', /^[\x21-\x7e]+$/)
    .optional()
    .register(details, {
      description:
        'The token to show to Vault (docs/key-providers.md says what for). It is renewed while the server runs.',
      secret: hideAll,
    }),
  vaultMount: text('a path', /^\w[\w-]*(\/\w[\w-]*)*$/)
    .default('transit')
    .register(details, { description: 'Where the Transit engine is mounted.' }),
  vaultNamespace: text('a path', /^\w[\w-]*(\/\w[\w-]*)*$/)
    .optional()
    .register(details, { description: 'The namespace that it is mounted in.' }),
};
