import type { Command } from 'commander';
import type { ApiProject } from '../api-tenants.ts';
import type { CliIo } from '../io.ts';
import { formatTime, yesOrNo } from '../render/units.ts';
import { addExamples } from './help.ts';
import {
  addCreateCommand,
  addDeleteCommand,
  addListCommand,
  addSetCommand,
  addShowCommand,
  type Resource,
} from './resource.ts';

const projects: Resource<ApiProject> = {
  singular: 'project',
  plural: 'projects',
  path: '/projects',
  member: 'projects',
  names: ({ name }) => [name],
  columns: [
    { title: 'NAME', value: ({ name }) => name },
    { title: 'REGION', value: ({ region }) => region },
    { title: 'DEFAULT', value: ({ isDefault }) => yesOrNo(isDefault) },
    { title: 'DESCRIPTION', value: ({ description }) => description || '-' },
    { title: 'ID', value: ({ id }) => id },
  ],
  fields: ({ id, name, region, isDefault, description, createdAt }) => [
    ['Name', name],
    ['Region', region],
    ['Default', yesOrNo(isDefault)],
    ['Description', description || '-'],
    ['Created', formatTime(createdAt)],
    ['Id', id],
  ],
};

export function addProjectCommands(program: Command, io: CliIo): void {
  const project = program.command('project').description("an account's parts of a region");
  addExamples(addListCommand(project, io, projects).option('--region <region>', 'only those in this region'), [
    'mimeo project list --region eu-1',
  ]);
  addExamples(
    addCreateCommand(project, io, projects)
      .requiredOption('--region <region>', 'region that it is a part of')
      .option('--description <text>', 'what it is for'),
    ['mimeo project create web --region eu-1 --description "the web team"'],
  );
  addExamples(addShowCommand(project, io, projects), ['mimeo project show web']);
  addExamples(
    addSetCommand(project, io, projects)
      .option('--name <name>', 'what it is to be called')
      .option('--description <text>', 'what it is for'),
    ['mimeo project set web --name shop'],
  );
  addExamples(addDeleteCommand(project, io, projects), ['mimeo project delete web']);
}
