import { type Command, InvalidArgumentError } from 'commander';
import type { ApiDisk, ApiImage } from '../api.ts';
import { CliError } from '../cli-error.ts';
import { exitCodes } from '../exit-codes.ts';
import { exportDisk } from '../export-disk.ts';
import { findImage } from '../find-image.ts';
import type { CliIo } from '../io.ts';
import { createTransferProgress } from '../render/transfer-progress.ts';
import { formatBytes } from '../render/units.ts';
import { online, type Session } from '../session.ts';
import { addExamples } from './help.ts';
import { retriesOption } from './retries.ts';

interface ExportCommandOptions {
  readonly disk: number;
  readonly force?: boolean;
  readonly retries: number;
}

export function addExportCommand(image: Command, io: CliIo): void {
  const command = image
    .command('export')
    .description("write an image's disk to a file; holes stay holes")
    .argument('<image>', 'id or name')
    .argument('<file>', 'where to; appears under this name only once it is whole')
    .option('--disk <n>', 'which disk, counted from 0', diskIndex, 0)
    .option('--force', 'replace the file if it exists')
    .addOption(retriesOption())
    .action(online(io, runExport));
  addExamples(command, [
    'mimeo image export golden golden.raw',
    'mimeo image export m-0a1b2c3d4e5f6g7h8i9j data.raw --disk 1 --force',
  ]);
}

async function runExport(session: Session, text: string, file: string, options: ExportCommandOptions): Promise<void> {
  const { io, client, signal, print } = session;
  if (file === '-') {
    throw new CliError('a disk is written to a file, whose holes stay holes, and not to standard output', {
      exitCode: exitCodes.usage,
      advice: 'name a file; the bytes as a stream come from GET /images/{image}/disks/{index}/content',
    });
  }
  const image = await findImage(client, text);
  const disk = diskOf(image, options.disk);
  const progress = createTransferProgress(io.stderr, `export ${image.name}`, disk.size);
  try {
    await exportDisk(client, image, disk, file, {
      replace: options.force ?? false,
      retries: options.retries,
      signal,
      onProgress: progress.reach,
    });
  } finally {
    progress.stop();
  }
  print(image, `Wrote ${file} (${formatBytes(disk.size)}, ${disk.format ?? 'unknown format'}).`);
}

function diskOf(image: ApiImage, index: number): ApiDisk {
  const disk = image.disks.find((candidate) => candidate.index === index);
  if (disk !== undefined) return disk;
  throw new CliError(`image ${image.name} (${image.id}) has no disk ${index}`, {
    exitCode: exitCodes.notFound,
    advice: `see its disks with: mimeo image show ${image.id}`,
  });
}

function diskIndex(text: string): number {
  if (!/^\d{1,3}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 0.');
  return Number(text);
}
