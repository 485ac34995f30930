import type { Command } from 'commander';
import { findImage } from '../find-image.ts';
import type { CliIo } from '../io.ts';
import type { Listing } from '../list-things.ts';
import { renderImage } from '../render/image.ts';
import { online } from '../session.ts';
import { addExamples } from './help.ts';
import { addImageCreateCommand } from './image-create.ts';
import { addExportCommand } from './image-export.ts';
import { addImportCommand } from './image-import.ts';
import { addImageListCommand } from './image-list.ts';
import { addExportObjectCommand, addImportObjectCommand } from './image-object.ts';
import { addImageSetCommand } from './image-set.ts';
import { addListCommand } from './resource.ts';

interface TagUse {
  readonly key: string;
  readonly values: readonly { readonly value: string; readonly images: number }[];
}

const tags: Listing<TagUse> = {
  plural: 'tags',
  path: '/tags',
  member: 'tags',
  unpaged: true,
  columns: [
    { title: 'TAG', value: ({ key }) => key },
    {
      title: 'VALUES (IMAGES)',
      value: ({ values }) => values.map(({ value, images }) => `${value} (${images})`).join(', '),
    },
  ],
};

export function addImageCommands(program: Command, io: CliIo): void {
  const image = program.command('image').description('images: import, look at, change, export, delete');
  addImportCommand(image, io);
  addImportObjectCommand(image, io);
  addImageCreateCommand(image, io);
  addImageListCommand(image, io);

  addExamples(
    image
      .command('show')
      .description('show all there is to know about an image')
      .argument('<image>', 'id, name or region/name')
      .action(
        online(io, async ({ client, print }, text: string) => {
          const found = await findImage(client, text);
          print(found, renderImage(found));
        }),
      ),
    ['mimeo image show golden', 'mimeo image show img-0a1b2c3d4e'],
  );

  addImageSetCommand(image, io);

  addExamples(
    image
      .command('delete')
      .description('delete an image; the space comes back with: mimeo store collect')
      .argument('<image>', 'id, name or region/name')
      .option('--keep-snapshots', 'leave what its disks stand on, with their bytes, until each is deleted')
      .action(
        online(io, async ({ client, printText }, text: string, options: { readonly keepSnapshots?: true }) => {
          const { id, name, region } = await findImage(client, text);
          await client.deleteImage(id, options);
          printText(`Deleted ${name} (${id}) in ${region}.`);
        }),
      ),
    ['mimeo image delete golden', 'mimeo image delete golden --keep-snapshots'],
  );

  addExportCommand(image, io);
  addExportObjectCommand(image, io);

  addExamples(
    addListCommand(image, io, tags, 'tags').option('--region <region>', 'only those of images in this region'),
    ['mimeo image tags --region eu-1'],
  );
}
