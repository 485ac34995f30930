import { basename, extname } from 'node:path';
import { type Command, Option } from 'commander';
import { type DiskFormat, diskFormats, type ImageKind, imageKinds } from '../../domain/image.ts';
import type { ApiImage } from '../api.ts';
import { CliError } from '../cli-error.ts';
import type { Client } from '../client.ts';
import { exitCodes } from '../exit-codes.ts';
import { importImage } from '../import-image.ts';
import type { CliIo } from '../io.ts';
import { createTransferProgress } from '../render/transfer-progress.ts';
import { formatBytes, formatDuration } from '../render/units.ts';
import { type Session, withSession } from '../session.ts';
import { openSourceFile, type SourceFile } from '../source-file.ts';
import { addExamples } from './help.ts';
import { repeatable, tag } from './values.ts';

interface ImportCommandOptions {
  readonly region?: string;
  readonly name?: string;
  readonly format?: DiskFormat;
  readonly kind?: ImageKind;
  readonly dataDisk?: readonly string[];
  readonly description?: string;
  readonly tag?: Readonly<Record<string, string>>;
}

export function addImportCommand(image: Command, io: CliIo): void {
  const command = image
    .command('import')
    .description('make an image of files; holes are neither read nor sent')
    .argument('<file>', 'the system disk, or the data disk of a data-disk image')
    .option('--region <region>', 'region to keep it in (may be left out when there is only one)')
    .option('--name <name>', "name of the image (default: the file's, without its ending)")
    .addOption(new Option('--format <format>', 'format of <file> (default: told from its bytes)').choices(diskFormats))
    .addOption(new Option('--kind <kind>', 'what the image is (default: system-disk)').choices(imageKinds))
    .option('--data-disk <file>', 'a further disk; may be repeated', repeatable)
    .option('--description <text>', 'what the image is for')
    .option('--tag <key=value>', 'a tag; may be repeated', tag)
    .action((file: string, options: ImportCommandOptions, invoked: Command) =>
      withSession(io, invoked, (session) => runImport(session, file, options)),
    );
  addExamples(command, [
    'mimeo image import debian-13.qcow2',
    'mimeo image import golden.raw --region eu-1 --name golden --tag team=base --tag stage=test',
    'mimeo image import db.raw --data-disk db-data.raw --kind whole-machine',
  ]);
}

async function runImport(session: Session, file: string, options: ImportCommandOptions): Promise<void> {
  const paths = [file, ...(options.dataDisk ?? [])];
  const sources: SourceFile[] = [];
  try {
    for (const path of paths) sources.push(await openSourceFile(path));
    const region = options.region ?? (await onlyRegion(session.client));
    const begun = performance.now();
    const image = await sendDisks(session, region, sources, options);
    session.print(image, summary(image, (performance.now() - begun) / 1000));
  } finally {
    for (const source of sources) await source.close();
  }
}

async function sendDisks(
  { io, client, signal }: Session,
  region: string,
  sources: readonly SourceFile[],
  options: ImportCommandOptions,
): Promise<ApiImage> {
  const [{ path }] = sources as [SourceFile];
  const name = options.name ?? basename(path, extname(path));
  const { format, kind, description, tag: tags } = options;
  const newImage = {
    region,
    name,
    ...(description !== undefined && { description }),
    ...(kind && { kind }),
    ...(tags && { tags }),
    disks: sources.map(({ size }, index) => ({
      role: index === 0 && kind !== 'data-disk' ? ('system' as const) : ('data' as const),
      ...(index === 0 && format && { format }),
      size,
    })),
  };
  const progress = createTransferProgress(io.stderr, `import ${name}`, totalSize(sources));
  try {
    return await importImage(client, newImage, sources, { signal, onProgress: progress.reach });
  } finally {
    progress.stop();
  }
}

async function onlyRegion(client: Client): Promise<string> {
  const { regions } = await client.listRegions();
  const [first, ...others] = regions;
  if (first !== undefined && others.length === 0) return first.id;
  throw new CliError(`which region? there are: ${regions.map(({ id }) => id).join(', ')}`, {
    exitCode: exitCodes.usage,
    advice: 'name one with --region',
  });
}

function summary(image: ApiImage, seconds: number): string {
  const data = image.disks.reduce((total, { dataBytes }) => total + (dataBytes ?? 0), 0);
  const size = `${formatBytes(totalSize(image.disks))}, ${formatBytes(data)} of it data`;
  return `Imported ${image.name} into ${image.region} as ${image.id} (${size}, in ${formatDuration(seconds)}).`;
}

function totalSize(disks: readonly { readonly size: number }[]): number {
  return disks.reduce((total, { size }) => total + size, 0);
}
