import type { Command } from 'commander';
import type { ApiCollection, ApiVerification } from '../api.ts';
import { CliError } from '../cli-error.ts';
import { exitCodes } from '../exit-codes.ts';
import { findImage } from '../find-image.ts';
import type { CliIo } from '../io.ts';
import { type Column, renderTable } from '../render/table.ts';
import { formatBytes } from '../render/units.ts';
import { online } from '../session.ts';
import { addExamples } from './help.ts';

const collectionColumns: readonly Column<ApiCollection>[] = [
  { title: 'REGION', value: ({ region }) => region },
  { title: 'PACKS REMOVED', align: 'right', value: ({ packsRemoved }) => packsRemoved },
  { title: 'FREED', align: 'right', value: ({ bytesFreed }) => formatBytes(bytesFreed) },
  { title: 'PACKS WAITING', align: 'right', value: ({ packsWaiting }) => packsWaiting },
  { title: 'WAITING', align: 'right', value: ({ bytesWaiting }) => formatBytes(bytesWaiting) },
  { title: 'STRAY BLOBS', align: 'right', value: ({ strayBlobs }) => strayBlobs },
];

const damageColumns: readonly Column<ApiVerification['damage'][number]>[] = [
  { title: 'IMAGE', value: ({ image, snapshot }) => image ?? `snapshot ${snapshot}` },
  { title: 'DISK', align: 'right', value: ({ disk }) => disk },
  { title: 'OFFSET', align: 'right', value: ({ offset }) => offset },
  { title: 'DAMAGE', value: ({ message }) => message },
];

export function addStoreCommands(program: Command, io: CliIo): void {
  const store = program.command('store').description('what the regions keep: give space back, check for damage');

  const collect = store
    .command('collect')
    .description('remove what no image needs any more')
    .option('--dry-run', 'only say what would be removed')
    .action(
      online(io, async ({ client, print }, { dryRun = false }: { dryRun?: boolean }) => {
        const answer = await client.collect(dryRun);
        print(
          answer,
          `${renderTable(collectionColumns, answer.regions)}${dryRun ? '\nNothing was removed (dry run).' : ''}`,
        );
      }),
    );
  addExamples(collect, ['mimeo store collect --dry-run', 'mimeo store collect']);

  const verify = store
    .command('verify')
    .description('read everything that images rely on, and check it')
    .argument('[image]', 'id or name (default: all images)')
    .action(
      online(io, async ({ client, print }, text: string | undefined) => {
        const image = text === undefined ? undefined : await findImage(client, text);
        const answer = await client.verify(image?.id);
        print(answer, renderVerification(answer));
        if (answer.damage.length > 0) throw damaged(answer.damage.length);
      }),
    );
  addExamples(verify, ['mimeo store verify', 'mimeo store verify golden']);
}

function renderVerification({ disksChecked, bytesChecked, disksLocked, damage }: ApiVerification): string {
  const locked = disksLocked === 0 ? '' : ` (and not ${disksOf(disksLocked)} whose key cannot be used)`;
  const checked = `Checked ${disksOf(disksChecked)}, ${formatBytes(bytesChecked)}${locked}`;
  return damage.length === 0 ? `${checked}: no damage.` : `${checked}.\n\n${renderTable(damageColumns, damage)}`;
}

function disksOf(count: number): string {
  return `${count} ${count === 1 ? 'disk' : 'disks'}`;
}

function damaged(places: number): CliError {
  return new CliError(`stored data is damaged in ${places} ${places === 1 ? 'place' : 'places'}`, {
    exitCode: exitCodes.damaged,
    advice: 'import the images again, or copy them from a region where they are whole; then delete the damaged ones',
  });
}
