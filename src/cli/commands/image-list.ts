import { type Command, Option } from 'commander';
import { imageKinds, visibilities } from '../../domain/image.ts';
import { imageOwners } from '../../domain/image-query.ts';
import { imageStates } from '../../domain/states.ts';
import type { ApiImage } from '../api.ts';
import type { CliIo } from '../io.ts';
import { type Listing, type ListOptions, printList } from '../list-things.ts';
import { imageColumns, ownerColumns } from '../render/image.ts';
import { online } from '../session.ts';
import { addExamples } from './help.ts';
import { addPagingOptions, moment, repeatable, repeatableChoice } from './values.ts';

const images: Listing<ApiImage> = { plural: 'images', path: '/images', member: 'images', columns: imageColumns };
const othersImages: Listing<ApiImage> = { ...images, columns: [...imageColumns, ...ownerColumns] };

const sortFields = ['createdAt', 'updatedAt', 'name', 'size'];

/** Its options are named as the API's filters are. */
export function addImageListCommand(image: Command, io: CliIo): void {
  const list = image
    .command('list')
    .description('list images, newest first unless --sort says otherwise')
    .option('--search <text>', 'only those with this in their name or description')
    .option('--name <name>', 'only those of exactly this name')
    .option('--region <region>', 'only those in this region')
    .addOption(repeatableChoice('--state <state>', 'only those in this state', imageStates))
    .option('--tag <key[:value]>', 'only those with this tag; may be repeated', repeatable)
    .addOption(
      new Option(
        '--owner <owner>',
        'whose: your own (default), shared with you, public, any of these, or others: shared but not public',
      ).choices(imageOwners),
    )
    .addOption(new Option('--visibility <visibility>', 'only those that are so').choices(visibilities))
    .addOption(new Option('--kind <kind>', 'only those of this kind').choices(imageKinds))
    .option('--project <project>', 'only those in this project')
    .option('--resource-group <group>', 'only those in this resource group')
    .option('--source <image>', 'only copies of this image, by its id')
    .option('--created-after <time>', 'only those made then or later, 2026-11-21 for instance', moment)
    .option('--created-before <time>', 'only those made before', moment)
    .addOption(
      new Option(
        '--sort <field>',
        'by this field, with - before it from the largest down (default: -createdAt)',
      ).choices(sortFields.flatMap((field) => [field, `-${field}`])),
    )
    .action(
      online(io, (session, options: ListOptions) => {
        const { owner = 'self' } = options;
        return printList(session, owner === 'self' ? images : othersImages, options);
      }),
    );
  addExamples(addPagingOptions(list), [
    'mimeo image list',
    'mimeo image list --region eu-1 --state available --tag stage:prod --sort -size',
    'mimeo image list --owner shared --search debian --all --json',
  ]);
}
