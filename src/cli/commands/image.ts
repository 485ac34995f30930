import { type Command, Option } from 'commander';
import { imageStates } from '../../domain/states.ts';
import { findImage } from '../find-image.ts';
import type { CliIo } from '../io.ts';
import { renderImage, renderImages } from '../render/image.ts';
import { withSession } from '../session.ts';
import { addExamples } from './help.ts';
import { addExportCommand } from './image-export.ts';
import { addImportCommand } from './image-import.ts';
import { limitOption } from './values.ts';

type ListOptions = Readonly<Partial<Record<'region' | 'name' | 'state' | 'limit', string>>>;

export function addImageCommands(program: Command, io: CliIo): void {
  const image = program.command('image').description('images: import, look at, export, delete');
  addImportCommand(image, io);

  const list = image
    .command('list')
    .description('list images, newest first')
    .option('--region <region>', 'only those in this region')
    .option('--name <name>', 'only those of this name')
    .addOption(new Option('--state <state>', 'only those in this state').choices(imageStates))
    .addOption(limitOption())
    .action(({ region, name, state, limit }: ListOptions, command: Command) =>
      withSession(io, command, async ({ client, print }) => {
        const answer = await client.listImages({ region, name, state, limit });
        print(answer, renderImages(answer.images));
      }),
    );
  addExamples(list, ['mimeo image list', 'mimeo image list --region eu-1 --state available --json']);

  const show = image
    .command('show')
    .description('show all there is to know about an image')
    .argument('<image>', 'id or name')
    .action((text: string, _options: object, command: Command) =>
      withSession(io, command, async ({ client, print }) => {
        const found = await findImage(client, text);
        print(found, renderImage(found));
      }),
    );
  addExamples(show, ['mimeo image show golden', 'mimeo image show img-0a1b2c3d4e']);

  const remove = image
    .command('delete')
    .description('delete an image; the space comes back with: mimeo store collect')
    .argument('<image>', 'id or name')
    .action((text: string, _options: object, command: Command) =>
      withSession(io, command, async ({ client, printText }) => {
        const { id, name, region } = await findImage(client, text);
        await client.deleteImage(id);
        printText(`Deleted ${name} (${id}) in ${region}.`);
      }),
    );
  addExamples(remove, ['mimeo image delete golden']);

  addExportCommand(image, io);
}
