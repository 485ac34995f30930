import type { Command } from 'commander';
import type { ApiRegion } from '../api.ts';
import type { CliIo } from '../io.ts';
import { type Column, renderTable } from '../render/table.ts';
import { formatBytes } from '../render/units.ts';
import { withSession } from '../session.ts';
import { addExamples } from './help.ts';

const columns: readonly Column<ApiRegion>[] = [
  { title: 'REGION', value: ({ id }) => id },
  { title: 'IMAGES', align: 'right', value: ({ images }) => images },
  { title: 'PACKS', align: 'right', value: ({ packs }) => packs },
  { title: 'STORED', align: 'right', value: ({ storedBytes }) => formatBytes(storedBytes) },
  { title: 'TO COLLECT', align: 'right', value: ({ condemnedBytes }) => formatBytes(condemnedBytes) },
];

export function addRegionCommands(program: Command, io: CliIo): void {
  const region = program.command('region').description('places that keep images');
  const list = region
    .command('list')
    .description('list the regions and what they store')
    .action((_options: object, command: Command) =>
      withSession(io, command, async ({ client, print }) => {
        const answer = await client.listRegions();
        print(answer, renderTable(columns, answer.regions));
      }),
    );
  addExamples(list, ['mimeo region list', 'mimeo region list --json']);
}
