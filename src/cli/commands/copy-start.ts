import type { Command } from 'commander';
import { findImage } from '../find-image.ts';
import type { CliIo } from '../io.ts';
import { renderCopy } from '../render/copy.ts';
import { type Session, withSession } from '../session.ts';
import { unsuccessful, watchCopy } from '../watch-copy.ts';
import { addExamples } from './help.ts';

interface StartOptions {
  readonly to: string;
  readonly name?: string;
  readonly wait?: boolean;
}

const examples = ['mimeo copy golden --to us-1', 'mimeo copy golden --to us-1 --name golden-2026-11 --wait'];

/** `mimeo copy IMAGE --to REGION`; `start` can be left out, and is there for an image that is named like a command. */
export function addStartCommand(copy: Command, io: CliIo): void {
  const start = copy
    .command('start', { isDefault: true })
    .description('copy an image; "start" may be left out')
    .argument('<image>', 'id or name')
    .requiredOption('--to <region>', 'region to copy it to')
    .option('--name <name>', "name of the new image (default: the source's)")
    .option('--wait', 'follow the copy until it has ended; Ctrl-C ends the watching, not the copy')
    .action((image: string, options: StartOptions, command: Command) =>
      withSession(io, command, (session) => startCopy(session, image, options)),
    );
  addExamples(start, examples);
  copy.usage('[start] <image> --to <region> [--name <name>] [--wait]\n       mimeo copy [command] [options]');
  addExamples(copy, [...examples, 'mimeo copy list --state running']);
}

async function startCopy({ io, client, signal, print }: Session, text: string, options: StartOptions): Promise<void> {
  const image = await findImage(client, text);
  const { to: region, name } = options;
  const accepted = await client.createCopy({ image: image.id, region, ...(name !== undefined && { name }) });
  if (!options.wait) {
    const next = `Follow it with: mimeo copy watch ${accepted.id}`;
    print(accepted, `Copying ${image.name} to ${region} as image ${accepted.destinationImageId}.\n${next}`);
    return;
  }
  const ended = await watchCopy(client, accepted.id, io.stderr, signal);
  print(ended, renderCopy(ended));
  const error = unsuccessful(ended);
  if (error) throw error;
}
