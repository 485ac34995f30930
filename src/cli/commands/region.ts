import type { Command } from 'commander';
import type { ApiRegion } from '../api.ts';
import type { CliIo } from '../io.ts';
import { type Listing, printList } from '../list-things.ts';
import { formatBytesOrDash } from '../render/units.ts';
import { online } from '../session.ts';
import { addExamples } from './help.ts';

const regions: Listing<ApiRegion> = {
  plural: 'regions',
  path: '/regions',
  member: 'regions',
  unpaged: true,
  columns: [
    { title: 'REGION', value: ({ id }) => id },
    { title: 'IMAGES', align: 'right', value: ({ images }) => images ?? '-' },
    { title: 'PACKS', align: 'right', value: ({ packs }) => packs ?? '-' },
    { title: 'STORED', align: 'right', value: ({ storedBytes }) => formatBytesOrDash(storedBytes) },
    { title: 'TO COLLECT', align: 'right', value: ({ condemnedBytes }) => formatBytesOrDash(condemnedBytes) },
  ],
};

export function addRegionCommands(program: Command, io: CliIo): void {
  const region = program.command('region').description('places that keep images');
  addExamples(
    region
      .command('list')
      .description('list the regions and what they store')
      .action(online(io, (session) => printList(session, regions))),
    ['mimeo region list', 'mimeo region list --json'],
  );
}
