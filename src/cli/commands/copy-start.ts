import type { Command } from 'commander';
import type { ApiImage, ApiNewCopies } from '../api.ts';
import { CliError } from '../cli-error.ts';
import { exitCodes } from '../exit-codes.ts';
import { findImage } from '../find-image.ts';
import type { CliIo } from '../io.ts';
import { renderCopies, renderPlan } from '../render/copy.ts';
import { online, type Session } from '../session.ts';
import { unsuccessful, watchCopies } from '../watch-copies.ts';
import { addExamples } from './help.ts';
import { repeatable, tag } from './values.ts';

interface StartOptions {
  readonly to: readonly string[];
  readonly name?: string;
  readonly description?: string;
  readonly tag?: Readonly<Record<string, string>>;
  readonly project?: string;
  readonly group?: string;
  readonly agency?: string;
  readonly encrypt?: string;
  readonly plan?: true;
  readonly wait?: true;
}

const examples = [
  'mimeo copy golden --to us-1',
  'mimeo copy golden web --to us-1 --to ap-1 --wait',
  'mimeo copy golden --to us-1 --name golden-2026-11 --plan',
  'mimeo copy golden --to us-1 --encrypt default',
];

/** The command that may be left out. */
export const startName = 'start';

/** `mimeo copy IMAGE… --to REGION`; `start` can be left out, and is there for an image that is named like a command. */
export function addStartCommand(copy: Command, io: CliIo): void {
  const start = copy
    .command(startName, { isDefault: true })
    .description('copy images, each to each region, all or none; "start" may be left out')
    .argument('<image...>', 'ids, names, or region/name')
    .requiredOption('--to <region>', 'region to copy to; may be repeated', repeatable)
    .option('--name <name>', "name of the new images (default: the source's)")
    .option('--description <text>', "what they are for (default: the source's)")
    .option('--tag <key=value>', "a tag instead of the source's; may be repeated", tag)
    .option('--project <project>', 'project to put them in, of that id or name in each region')
    .option('--group <group>', 'resource group to put them in')
    .option('--agency <agency>', 'agency that lets the image service do it')
    .option(
      '--encrypt <key>',
      'key of the region copied to, by id or alias, "default" for its default key, or "none" (default: in its region as the source)',
    )
    .option('--plan', 'only say what would be allowed, and how much would move')
    .option('--wait', 'follow the copies until all have ended; Ctrl-C ends the watching, not the copies')
    .action(online(io, (session, texts: string[], options: StartOptions) => startCopies(session, texts, options)));
  addExamples(start, examples);
  copy.usage('[start] <image...> --to <region> [--plan] [--wait]\n       mimeo copy [command] [options]');
  addExamples(copy, [...examples, 'mimeo copy list --state running']);
}

async function startCopies(session: Session, texts: readonly string[], options: StartOptions): Promise<void> {
  const { io, client, signal, print } = session;
  const images: ApiImage[] = [];
  for (const text of texts) images.push(await findImage(client, text));
  const wanted = copiesOf(images, options);
  if (options.plan) return planCopies(session, wanted, images);

  const accepted = await client.createCopies(wanted);
  const ids = accepted.copies.map(({ id }) => id);
  if (!options.wait) {
    const what = images.map(({ name }) => name).join(', ');
    const follow = `Follow ${ids.length === 1 ? 'it' : 'them'} with: mimeo copy watch ${ids.join(' ')}`;
    print(accepted, `Copying ${what} to ${options.to.join(', ')}.\n${follow}`);
    return;
  }
  const copies = await watchCopies(client, ids, io.stderr, signal);
  print({ ...accepted, copies }, renderCopies(copies));
  const error = unsuccessful(copies);
  if (error) throw error;
}

async function planCopies({ client, print }: Session, wanted: ApiNewCopies, images: readonly ApiImage[]) {
  const plan = await client.planCopies(wanted);
  const nameOf = (id: string) => images.find((image) => image.id === id)?.name ?? id;
  print(plan, renderPlan(plan.items.map((item) => ({ ...item, image: nameOf(item.image) }))));
  if (plan.allowed) return;
  throw new CliError('this would be refused, and nothing would be copied', { exitCode: exitCodes.refused });
}

function copiesOf(
  images: readonly ApiImage[],
  { to: regions, name, description, tag: tags, project, group, agency, encrypt: encryption }: StartOptions,
): ApiNewCopies {
  return {
    images: images.map(({ id }) => id),
    regions,
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
    ...(tags && { tags }),
    ...(project !== undefined && { project }),
    ...(group !== undefined && { resourceGroup: group }),
    ...(agency !== undefined && { agency }),
    ...(encryption !== undefined && { encryption }),
  };
}
