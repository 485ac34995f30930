import { type Command, Option } from 'commander';
import { copyStates } from '../../domain/states.ts';
import { findImage } from '../find-image.ts';
import type { CliIo } from '../io.ts';
import { renderCopies, renderCopy } from '../render/copy.ts';
import { withSession } from '../session.ts';
import { unsuccessful, watchCopy } from '../watch-copy.ts';
import { addStartCommand } from './copy-start.ts';
import { addExamples } from './help.ts';
import { limitOption } from './values.ts';

interface ListOptions {
  readonly state?: string;
  readonly image?: string;
  readonly limit?: string;
}

export function addCopyCommands(program: Command, io: CliIo): void {
  const copy = program.command('copy').description('copy an image to another region, and look after copies');
  addStartCommand(copy, io);

  const list = copy
    .command('list')
    .description('list copies, newest first')
    .addOption(new Option('--state <state>', 'only those in this state').choices(copyStates))
    .option('--image <image>', 'only those of this image (id or name)')
    .addOption(limitOption())
    .action(({ state, image, limit }: ListOptions, command: Command) =>
      withSession(io, command, async ({ client, print }) => {
        const id = image === undefined ? undefined : (await findImage(client, image)).id;
        const answer = await client.listCopies({ state, image: id, limit });
        print(answer, renderCopies(answer.copies));
      }),
    );
  addExamples(list, ['mimeo copy list', 'mimeo copy list --state running --image golden']);

  const show = copy
    .command('show')
    .description('show all there is to know about a copy')
    .argument('<copy>', 'id of the copy')
    .action((id: string, _options: object, command: Command) =>
      withSession(io, command, async ({ client, print }) => {
        const found = await client.getCopy(id);
        print(found, renderCopy(found));
      }),
    );
  addExamples(show, ['mimeo copy show 7d0f3c52-6f0e-4f0b-9f7e-2f1f6f0a9f11']);

  const watch = copy
    .command('watch')
    .description('follow a copy until it has ended; Ctrl-C ends the watching, not the copy')
    .argument('<copy>', 'id of the copy')
    .action((id: string, _options: object, command: Command) =>
      withSession(io, command, async ({ client, signal, print }) => {
        const ended = await watchCopy(client, id, io.stderr, signal);
        print(ended, renderCopy(ended));
        const error = unsuccessful(ended);
        if (error) throw error;
      }),
    );
  addExamples(watch, ['mimeo copy watch 7d0f3c52-6f0e-4f0b-9f7e-2f1f6f0a9f11']);

  const cancel = copy
    .command('cancel')
    .description('cancel a copy; what it has made is removed')
    .argument('<copy>', 'id of the copy')
    .action((id: string, _options: object, command: Command) =>
      withSession(io, command, async ({ client, print }) => {
        const cancelled = await client.cancelCopy(id);
        print(cancelled, `Cancelled copy ${cancelled.id}.`);
      }),
    );
  addExamples(cancel, ['mimeo copy cancel 7d0f3c52-6f0e-4f0b-9f7e-2f1f6f0a9f11']);
}
