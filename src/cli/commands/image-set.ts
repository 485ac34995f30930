import { type Command, Option } from 'commander';
import type { ApiImage, ApiImageChange } from '../api.ts';
import { findImage } from '../find-image.ts';
import type { CliIo } from '../io.ts';
import { renderImage } from '../render/image.ts';
import { online } from '../session.ts';
import { type AttributeOptions, attributeOptions, attributesOf } from './attributes.ts';
import { addExamples } from './help.ts';
import { refuseNoChange } from './resource.ts';
import { repeatable, tag } from './values.ts';

interface SetOptions extends AttributeOptions, Pick<ApiImageChange, 'name' | 'description'> {
  readonly tag?: Readonly<Record<string, string>>;
  readonly untag?: readonly string[];
  readonly protect?: boolean;
  readonly public?: true;
  readonly private?: true;
  readonly deprecate?: true;
  readonly restore?: true;
  readonly group?: string;
}

export function addImageSetCommand(image: Command, io: CliIo): void {
  const set = image
    .command('set')
    .description('change an image; what is not named stays')
    .argument('<image>', 'id, name or region/name')
    .option('--name <name>', 'what it is to be called')
    .option('--description <text>', 'what it is for')
    .option('--tag <key=value>', 'set a tag; may be repeated', tag)
    .option('--untag <key>', 'remove a tag; may be repeated', repeatable)
    .option('--protect', 'refuse to delete it')
    .option('--no-protect', 'let it be deleted again')
    .addOption(new Option('--public', 'let every account use it').conflicts('private'))
    .option('--private', 'let its own account alone use it, and those that it is shared with')
    .addOption(new Option('--deprecate', 'mark it as not to be used any more').conflicts('restore'))
    .option('--restore', 'take that mark away')
    .option('--group <group>', 'put it into this resource group, or "none"')
    .action(
      online(io, async ({ client, print }, text: string, options: SetOptions) => {
        const found = await findImage(client, text);
        const change = changeOf(found, options);
        refuseNoChange(change);
        // Tags are sent as a whole, so that none is lost that somebody sets at the same time.
        const revision = change.tags === undefined ? undefined : found.revision;
        const changed = await client.updateImage(found.id, change, revision);
        print(changed, renderImage(changed));
      }),
    );
  for (const option of attributeOptions()) set.addOption(option);
  addExamples(set, [
    'mimeo image set golden --tag stage=prod --untag team --protect',
    'mimeo image set golden --name golden-2026-11 --deprecate',
    'mimeo image set golden --group none --private',
    'mimeo image set golden --os-type linux --platform Debian --boot-mode uefi --family none',
  ]);
}

function changeOf({ tags }: ApiImage, options: SetOptions): ApiImageChange {
  const { name, description, tag: added = {}, untag: removed = [], protect, deprecate, restore, group } = options;
  const attributes = attributesOf(options);
  const kept = Object.entries(tags).filter(([key]) => !removed.includes(key));
  return {
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
    ...(attributes && { attributes }),
    ...(Object.keys(added).length + removed.length > 0 && { tags: { ...Object.fromEntries(kept), ...added } }),
    ...(protect !== undefined && { protected: protect }),
    ...((deprecate || restore) && { deprecated: deprecate === true }),
    ...((options.public || options.private) && { visibility: options.public ? 'public' : 'private' }),
    ...(group !== undefined && { resourceGroup: group === 'none' ? null : group }),
  };
}
