/** Imports of images from buckets of the installation's object store, and exports to them. */
import { basename, extname } from 'node:path/posix';
import { type Command, Option } from 'commander';
import { type DiskFormat, diskFormats } from '../../domain/image.ts';
import type { ApiTask } from '../api-tasks.ts';
import { findImage } from '../find-image.ts';
import type { CliIo } from '../io.ts';
import { onlyRegion } from '../only-region.ts';
import { renderFields } from '../render/table.ts';
import { taskFields } from '../render/task.ts';
import { online, type Session } from '../session.ts';
import { unsuccessfulTask, watchTask } from '../watch-task.ts';
import { addExamples } from './help.ts';
import { broughtImageOptions, type NewImageOptions, newImageFacts } from './new-image.ts';
import { repeatable } from './values.ts';

interface WaitOptions {
  readonly wait?: true;
}

interface ImportObjectOptions extends NewImageOptions, WaitOptions {
  readonly region?: string;
  readonly name?: string;
  readonly format?: DiskFormat;
  readonly dataObject?: readonly string[];
}

interface ExportObjectOptions extends WaitOptions {
  readonly prefix?: string;
}

const waitOption = ['--wait', 'follow it until it has ended; Ctrl-C ends the watching, not the task'] as const;

export function addImportObjectCommand(image: Command, io: CliIo): void {
  const command = image
    .command('import-object')
    .description('make an image of objects in a bucket of the object store, which the server reads; a task does it')
    .argument('<bucket>', 'where the objects are')
    .argument('<object>', 'the system disk, or the data disk of a data-disk image')
    .option('--region <region>', 'region to keep it in (may be left out when there is only one)')
    .option('--name <name>', "name of the image (default: the object's, without folder and ending)")
    .addOption(
      new Option('--format <format>', 'format of <object> (default: told from its bytes)').choices(diskFormats),
    )
    .option('--data-object <object>', 'a further disk, in the same bucket; may be repeated', repeatable)
    .option(...waitOption)
    .action(online(io, importObjects));
  for (const option of broughtImageOptions()) command.addOption(option);
  addExamples(command, [
    'mimeo image import-object images debian-13.qcow2 --wait',
    'mimeo image import-object images builds/db.raw --region eu-1 --kind whole-machine --data-object builds/db-data.raw',
    'mimeo image import-object images golden.raw --name golden --format raw --os-type linux --tag team=base',
  ]);
}

export function addExportObjectCommand(image: Command, io: CliIo): void {
  const command = image
    .command('export-object')
    .description("write each of an image's disks to an object in a bucket of the object store; a task does it")
    .argument('<image>', 'id, name or region/name')
    .argument('<bucket>', 'where to put the objects')
    .option('--prefix <text>', "what the objects' names begin with (default: the image's name)")
    .option(...waitOption)
    .action(online(io, exportObjects));
  addExamples(command, [
    'mimeo image export-object golden images --wait',
    'mimeo image export-object eu-1/golden backup --prefix 2026-11/golden',
  ]);
}

async function importObjects(
  session: Session,
  bucket: string,
  object: string,
  options: ImportObjectOptions,
): Promise<void> {
  const { client } = session;
  const { kind, format, dataObject: further = [] } = options;
  const task = await client.importObjects({
    region: options.region ?? (await onlyRegion(client)),
    name: options.name ?? basename(object, extname(object)),
    ...newImageFacts(options),
    disks: [object, ...further].map((each, index) => ({
      bucket,
      object: each,
      role: index === 0 && kind !== 'data-disk' ? ('system' as const) : ('data' as const),
      ...(index === 0 && format && { format }),
    })),
  });
  await printTask(session, task, `Importing ${bucket}/${object} as image ${task.imageId}.`, options);
}

async function exportObjects(
  session: Session,
  text: string,
  bucket: string,
  options: ExportObjectOptions,
): Promise<void> {
  const { id, name } = await findImage(session.client, text);
  // A name may have more kinds of characters than a prefix.
  const { prefix = name.replaceAll(/[^\w./-]/gu, '-') } = options;
  const task = await session.client.exportImage(id, { bucket, prefix });
  const places = task.objects.map(({ object }) => `${bucket}/${object}`).join(', ');
  await printTask(session, task, `Exporting ${name} to ${places}.`, options);
}

/** What was begun, or how it ended. */
async function printTask(
  { io, client, signal, print }: Session,
  begun: ApiTask,
  what: string,
  { wait }: WaitOptions,
): Promise<void> {
  if (!wait) return print(begun, `${what}\nSee how far it is with: mimeo task show ${begun.id}`);
  const ended = await watchTask(client, begun.id, io.stderr, signal);
  print(ended, renderFields(taskFields(ended)));
  const error = unsuccessfulTask(ended);
  if (error) throw error;
}
