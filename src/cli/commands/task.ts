import { type Command, Option } from 'commander';
import { copyStates } from '../../domain/states.ts';
import { taskKinds } from '../../domain/task.ts';
import type { ApiTask } from '../api-tasks.ts';
import { findImageId } from '../find-image.ts';
import type { CliIo } from '../io.ts';
import { type ListOptions, printList } from '../list-things.ts';
import { taskColumns, taskFields } from '../render/task.ts';
import { online } from '../session.ts';
import { addExamples } from './help.ts';
import { addShowCommand, type Resource } from './resource.ts';
import { addPagingOptions, repeatableChoice } from './values.ts';

const tasks: Resource<ApiTask> = {
  singular: 'task',
  plural: 'tasks',
  path: '/tasks',
  member: 'tasks',
  findable: true,
  names: ({ aliyunId }) => [aliyunId],
  columns: taskColumns,
  fields: taskFields,
};

const someTask = '3b7d1c94-0a4e-4f6b-8d52-9e1f6c2a7b35';

/** Imports from buckets and exports to them, which `image` begins. */
export function addTaskCommands(program: Command, io: CliIo): void {
  const task = program
    .command('task')
    .description('imports from buckets and exports to them (mimeo image import-object, export-object): see, cancel');

  const list = task
    .command('list')
    .description('list the tasks, newest first')
    .addOption(repeatableChoice('--state <state>', 'only those in this state', copyStates))
    .addOption(new Option('--kind <kind>', 'only those of this kind').choices(taskKinds))
    .option('--region <region>', 'only those in this region')
    .option('--image <image>', 'only those of this image (id, name or region/name); by its id also of one that is gone')
    .action(
      online(io, async (session, { image, ...options }: ListOptions) => {
        const id = typeof image === 'string' ? await findImageId(session.client, image) : undefined;
        await printList(session, tasks, { ...options, image: id });
      }),
    );
  addExamples(addPagingOptions(list), [
    'mimeo task list',
    'mimeo task list --kind import --state queued --region eu-1',
  ]);

  addExamples(addShowCommand(task, io, tasks), [`mimeo task show ${someTask}`]);

  addExamples(
    task
      .command('cancel')
      .description('cancel tasks; the half-made image of an import goes, an export leaves nothing')
      .argument('<task...>', 'their ids')
      .action(
        online(io, async ({ client, printLine }, ids: string[]) => {
          for (const id of ids) printLine(await client.cancelTask(id), `Cancelled task ${id}.`);
        }),
      ),
    [`mimeo task cancel ${someTask}`],
  );
}
