import type { Command } from 'commander';
import type { ApiResourceGroup } from '../api-tenants.ts';
import type { CliIo } from '../io.ts';
import { formatTime, yesOrNo } from '../render/units.ts';
import { addExamples } from './help.ts';
import {
  addCreateCommand,
  addDeleteCommand,
  addDisableOptions,
  addListCommand,
  addSetCommand,
  addShowCommand,
  type Resource,
  withDisabled,
} from './resource.ts';

const resourceGroups: Resource<ApiResourceGroup> = {
  singular: 'resource group',
  plural: 'resource groups',
  path: '/resource-groups',
  member: 'resourceGroups',
  names: ({ name, aliyunId }) => [name, aliyunId],
  columns: [
    { title: 'NAME', value: ({ name }) => name },
    { title: 'ENABLED', value: ({ disabled }) => yesOrNo(!disabled) },
    { title: 'DESCRIPTION', value: ({ description }) => description || '-' },
    { title: 'ALIBABA CLOUD', value: ({ aliyunId }) => aliyunId },
    { title: 'ID', value: ({ id }) => id },
  ],
  fields: ({ id, aliyunId, name, description, disabled, createdAt }) => [
    ['Name', name],
    ['Description', description || '-'],
    ['Enabled', yesOrNo(!disabled)],
    ['Created', formatTime(createdAt)],
    ['Alibaba Cloud', aliyunId],
    ['Id', id],
  ],
};

export function addResourceGroupCommands(program: Command, io: CliIo): void {
  const group = program.command('resource-group').description('images put together across regions, for teams or bills');
  addExamples(addListCommand(group, io, resourceGroups), ['mimeo resource-group list']);
  addExamples(addCreateCommand(group, io, resourceGroups).option('--description <text>', 'what it is for'), [
    'mimeo resource-group create web --description "the web team"',
  ]);
  addExamples(addShowCommand(group, io, resourceGroups), ['mimeo resource-group show web']);
  const set = addSetCommand(group, io, resourceGroups, withDisabled)
    .option('--name <name>', 'what it is to be called')
    .option('--description <text>', 'what it is for');
  addExamples(addDisableOptions(set, 'further images'), ['mimeo resource-group set web --name shop']);
  addExamples(addDeleteCommand(group, io, resourceGroups), ['mimeo resource-group delete web']);
}
