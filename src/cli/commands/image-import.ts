import { basename, extname } from 'node:path';
import { type Command, Option } from 'commander';
import { type DiskFormat, diskFormats } from '../../domain/image.ts';
import type { ApiImage } from '../api.ts';
import { CliError } from '../cli-error.ts';
import { exitCodes } from '../exit-codes.ts';
import { findImage } from '../find-image.ts';
import { importImage, resumeImport } from '../import-image.ts';
import type { CliIo } from '../io.ts';
import { onlyRegion } from '../only-region.ts';
import { createTransferProgress } from '../render/transfer-progress.ts';
import { formatBytes, formatDuration } from '../render/units.ts';
import { online, type Session } from '../session.ts';
import { openSourceFile, type SourceFile } from '../source-file.ts';
import { addExamples } from './help.ts';
import { broughtImageOptions, type NewImageOptions, newImageFacts } from './new-image.ts';
import { retriesOption } from './retries.ts';
import { repeatable } from './values.ts';

interface ImportCommandOptions extends NewImageOptions {
  readonly region?: string;
  readonly name?: string;
  readonly format?: DiskFormat;
  readonly dataDisk?: readonly string[];
  readonly keep?: boolean;
  readonly resume?: string;
  readonly retries: number;
}

/** What an image is made with, and so cannot be said again when it is there. */
const facts = ['region', 'name', 'format', 'keep', ...broughtImageOptions().map((option) => option.attributeName())];

export function addImportCommand(image: Command, io: CliIo): void {
  const command = image
    .command('import')
    .description('make an image of files; holes are neither read nor sent')
    .argument('<file>', 'the system disk, or the data disk of a data-disk image')
    .option('--region <region>', 'region to keep it in (may be left out when there is only one)')
    .option('--name <name>', "name of the image (default: the file's, without its ending)")
    .addOption(new Option('--format <format>', 'format of <file> (default: told from its bytes)').choices(diskFormats))
    .option('--data-disk <file>', 'a further disk; may be repeated', repeatable)
    .option('--keep', 'after Ctrl-C, keep what was sent for --resume, instead of deleting the half-made image')
    .addOption(
      new Option('--resume <image>', 'go on with an import that was cut off; with the same files').conflicts(facts),
    )
    .addOption(retriesOption())
    .action(online(io, runImport));
  for (const option of broughtImageOptions()) command.addOption(option);
  addExamples(command, [
    'mimeo image import debian-13.qcow2',
    'mimeo image import golden.raw --region eu-1 --name golden --tag team=base --tag stage=test',
    'mimeo image import db.raw --data-disk db-data.raw --kind whole-machine',
    'mimeo image import golden.raw --os-type linux --platform Debian --architecture x86_64 --family golden',
    'mimeo image import golden.raw --encrypt default',
    'mimeo image import golden.raw --resume m-0a1b2c3d4e5f6g7h8i9j',
  ]);
}

async function runImport(session: Session, file: string, options: ImportCommandOptions): Promise<void> {
  const paths = [file, ...(options.dataDisk ?? [])];
  const sources: SourceFile[] = [];
  try {
    for (const path of paths) sources.push(await openSourceFile(path));
    const begun = performance.now();
    const image = await (options.resume === undefined
      ? importNew(session, sources, options)
      : importRest(session, sources, options.resume, options));
    session.print(image, summary(image, (performance.now() - begun) / 1000));
  } finally {
    for (const source of sources) await source.close();
  }
}

async function importNew(
  session: Session,
  sources: readonly SourceFile[],
  options: ImportCommandOptions,
): Promise<ApiImage> {
  const region = options.region ?? (await onlyRegion(session.client));
  const [{ path }] = sources as [SourceFile];
  const name = options.name ?? basename(path, extname(path));
  const { format, kind, keep = false, retries } = options;
  const newImage = {
    region,
    name,
    ...newImageFacts(options),
    disks: sources.map(({ size }, index) => ({
      role: index === 0 && kind !== 'data-disk' ? ('system' as const) : ('data' as const),
      ...(index === 0 && format && { format }),
      size,
    })),
  };
  return await showing(session, name, sources, (onProgress) =>
    importImage(session.client, newImage, sources, { signal: session.signal, onProgress, keep, retries }),
  );
}

async function importRest(
  session: Session,
  sources: readonly SourceFile[],
  text: string,
  { retries }: ImportCommandOptions,
): Promise<ApiImage> {
  const image = await findImage(session.client, text);
  const waits = image.state === 'queued' || image.state === 'uploading';
  if (!waits) {
    throw new CliError(`image ${image.name} (${image.id}) is ${image.state}, so nothing of it is missing`, {
      advice: 'leave --resume out to make a new image',
    });
  }
  const sizes = image.disks.map(({ size }) => size);
  if (sizes.length !== sources.length || sources.some(({ size }, disk) => size !== sizes[disk])) {
    throw new CliError(`image ${image.name} (${image.id}) is to have disks of ${sizes.join(', ')} bytes`, {
      exitCode: exitCodes.usage,
      advice: 'name the same files as before, in the same order',
    });
  }
  return await showing(session, image.name, sources, (onProgress) =>
    resumeImport(session.client, image, sources, { signal: session.signal, onProgress, retries }),
  );
}

async function showing(
  { io }: Session,
  name: string,
  sources: readonly SourceFile[],
  work: (onProgress: (done: number) => void) => Promise<ApiImage>,
): Promise<ApiImage> {
  const progress = createTransferProgress(io.stderr, `import ${name}`, totalSize(sources));
  try {
    return await work(progress.reach);
  } finally {
    progress.stop();
  }
}

function summary(image: ApiImage, seconds: number): string {
  const data = image.disks.reduce((total, { dataBytes }) => total + (dataBytes ?? 0), 0);
  const size = `${formatBytes(totalSize(image.disks))}, ${formatBytes(data)} of it data`;
  return `Imported ${image.name} into ${image.region} as ${image.id} (${size}, in ${formatDuration(seconds)}).`;
}

function totalSize(disks: readonly { readonly size: number }[]): number {
  return disks.reduce((total, { size }) => total + size, 0);
}
