import type { Command } from 'commander';
import type { ApiImage } from '../api.ts';
import type { CliIo } from '../io.ts';
import { renderImage } from '../render/image.ts';
import { online } from '../session.ts';
import { addExamples } from './help.ts';
import { type NewImageOptions, newImageFacts, newImageOptions } from './new-image.ts';
import { findThing } from './resource.ts';
import { snapshots } from './snapshot.ts';
import { repeatable } from './values.ts';

interface CreateCommandOptions extends NewImageOptions {
  readonly snapshot: readonly string[];
}

/** An image of snapshots, in their region; one of files is imported. */
export function addImageCreateCommand(image: Command, io: CliIo): void {
  const create = image
    .command('create')
    .description('make an image of snapshots, available at once; of files: mimeo image import')
    .argument('<name>', 'what it is to be called')
    .requiredOption('--snapshot <snapshot>', 'what a disk is to stand on, the first one first; repeatable', repeatable)
    .action(
      online(io, async ({ client, print }, name: string, options: CreateCommandOptions) => {
        const found = [];
        for (const text of options.snapshot) found.push(await findThing(client, snapshots, text));
        const made = await client.make<ApiImage>('/images', {
          region: found[0]?.region,
          name,
          ...newImageFacts(options),
          snapshots: found.map(({ id }) => ({ id })),
        });
        print(made, renderImage(made));
      }),
    );
  for (const option of newImageOptions('told from the snapshots')) create.addOption(option);
  addExamples(create, ['mimeo image create golden-2 --snapshot s-0a1b2c3d4e5f6g7h8i9j']);
}
