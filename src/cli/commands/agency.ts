import { type Command, InvalidArgumentError } from 'commander';
import { type Role, roles } from '../../domain/principal.ts';
import type { ApiAgency, ApiGrant } from '../api-tenants.ts';
import type { CliIo } from '../io.ts';
import { formatTime } from '../render/units.ts';
import { addExamples } from './help.ts';
import {
  addCreateCommand,
  addDeleteCommand,
  addListCommand,
  addSetCommand,
  addShowCommand,
  type Resource,
} from './resource.ts';

const agencies: Resource<ApiAgency> = {
  singular: 'agency',
  plural: 'agencies',
  path: '/agencies',
  member: 'agencies',
  findable: true,
  names: ({ name }) => [name],
  columns: [
    { title: 'NAME', value: ({ name }) => name },
    { title: 'TRUSTS', value: trusted },
    { title: 'GRANTS', value: granted },
    { title: 'ENDS', value: ({ expiresAt }) => formatTime(expiresAt) },
    { title: 'ID', value: ({ id }) => id },
  ],
  fields: (agency) => [
    ['Name', agency.name],
    ['Description', agency.description || '-'],
    ['Trusts', trusted(agency)],
    ['Grants', granted(agency)],
    ['Ends', formatTime(agency.expiresAt)],
    ['Created', formatTime(agency.createdAt)],
    ['Id', agency.id],
  ],
};

/** An agency lets somebody act in the account: the image service, or another account. */
export function addAgencyCommands(program: Command, io: CliIo): void {
  const agency = program.command('agency').description('delegations: who may act in the account, and how far');
  addExamples(addListCommand(agency, io, agencies), ['mimeo agency list']);

  const create = addCreateCommand(agency, io, agencies, toFields).requiredOption(...grantOption);
  addExamples(addFieldOptions(create), [
    'mimeo agency create image-copies --grant operator',
    'mimeo agency create partner --trust 1234567890123456 --grant viewer:0f9c4a1e-54b5-4d0c-8a3e-5be0f6b8d0b1',
  ]);

  addExamples(addShowCommand(agency, io, agencies), ['mimeo agency show image-copies']);

  const set = addSetCommand(agency, io, agencies, toFields).option('--name <name>', 'what it is to be called');
  addExamples(addFieldOptions(set.option(...grantOption)), ['mimeo agency set partner --expires 2027-01-01T00:00:00Z']);

  addExamples(addDeleteCommand(agency, io, agencies), ['mimeo agency delete partner']);
}

interface Grant {
  readonly role: Role;
  /** Every project of the account without one. */
  readonly project?: string;
}

const grantOption = ['--grant <role[:project]>', 'a role, in one project or in all; may be repeated', grant] as const;

function addFieldOptions(command: Command): Command {
  return command
    .option('--trust <account>', 'account that may act by it, by id, number or name (default: the image service)')
    .option('--description <text>', 'what it is for')
    .option('--expires <time>', 'when it ends (ISO 8601)');
}

function toFields({ trust, grant, expires, ...others }: Readonly<Record<string, unknown>>): object {
  return {
    ...others,
    ...(trust !== undefined && { trustedAccount: trust }),
    ...(grant !== undefined && { grants: grant }),
    ...(expires !== undefined && { expiresAt: expires }),
  };
}

function grant(text: string, before: readonly Grant[] = []): Grant[] {
  const [name, project] = text.split(':', 2);
  const role = roles.find((each) => each === name);
  if (role === undefined) throw new InvalidArgumentError(`The role is one of ${roles.join(', ')}.`);
  return [...before, { role, ...(project && { project }) }];
}

function trusted({ trustedAccountId }: ApiAgency): string {
  return trustedAccountId ?? 'the image service';
}

function granted({ grants }: ApiAgency): string {
  return grants.map(grantedBy).join(', ') || '-';
}

function grantedBy({ role, projectId, title, isGlobal }: ApiGrant): string {
  if (isGlobal) return `nothing here (${title || role}, global)`;
  const named = title === '' ? role : `${role} (${title})`;
  return projectId === null ? named : `${named} in ${projectId}`;
}
