import type { Command } from 'commander';
import { copyStates } from '../../domain/states.ts';
import type { ApiCopy } from '../api.ts';
import { findImage } from '../find-image.ts';
import type { CliIo } from '../io.ts';
import { type Listing, type ListOptions, printList } from '../list-things.ts';
import { copyColumns, renderCopies, renderCopy } from '../render/copy.ts';
import { online } from '../session.ts';
import { unsuccessful, watchCopies } from '../watch-copies.ts';
import { addStartCommand } from './copy-start.ts';
import { addExamples } from './help.ts';
import { addPagingOptions, repeatableChoice } from './values.ts';

const copies: Listing<ApiCopy> = { plural: 'copies', path: '/copies', member: 'copies', columns: copyColumns };

const someCopy = '7d0f3c52-6f0e-4f0b-9f7e-2f1f6f0a9f11';

export function addCopyCommands(program: Command, io: CliIo): void {
  const copy = program.command('copy').description('copy images within a region or to others, and look after copies');
  addStartCommand(copy, io);

  const list = copy
    .command('list')
    .description('list copies, newest first')
    .addOption(repeatableChoice('--state <state>', 'only those in this state', copyStates))
    .option('--image <image>', 'only those from or to this image (id, name or region/name)')
    .option('--region <region>', 'only those to this region')
    .option('--request <request>', 'only those that were asked for together')
    .action(
      online(io, async (session, { image, ...options }: ListOptions) => {
        const id = typeof image === 'string' ? (await findImage(session.client, image)).id : undefined;
        await printList(session, copies, { ...options, image: id });
      }),
    );
  addExamples(addPagingOptions(list), ['mimeo copy list', 'mimeo copy list --state running --image golden']);

  addExamples(
    copy
      .command('show')
      .description('show all there is to know about a copy')
      .argument('<copy>', 'its id')
      .action(
        online(io, async ({ client, print }, id: string) => {
          const found = await client.getCopy(id);
          print(found, renderCopy(found));
        }),
      ),
    [`mimeo copy show ${someCopy}`],
  );

  addExamples(
    copy
      .command('watch')
      .description('follow copies until all have ended; Ctrl-C ends the watching, not the copies')
      .argument('<copy...>', 'their ids')
      .action(
        online(io, async ({ client, signal, print }, ids: string[]) => {
          const ended = await watchCopies(client, ids, io.stderr, signal);
          print(ended.length === 1 ? ended[0] : { copies: ended }, renderCopies(ended));
          const error = unsuccessful(ended);
          if (error) throw error;
        }),
      ),
    [`mimeo copy watch ${someCopy}`],
  );

  addExamples(
    copy
      .command('cancel')
      .description('cancel copies; what they have made is removed')
      .argument('<copy...>', 'their ids')
      .action(
        online(io, async ({ client, printLine }, ids: string[]) => {
          for (const id of ids) printLine(await client.cancelCopy(id), `Cancelled copy ${id}.`);
        }),
      ),
    [`mimeo copy cancel ${someCopy}`],
  );

  addExamples(
    copy
      .command('retry')
      .description('ask again for a copy that failed or was cancelled')
      .argument('<copy>', 'its id')
      .action(
        online(io, async ({ client, print }, id: string) => {
          const again = await client.retryCopy(id);
          print(again, `Copying again as copy ${again.id}.\nFollow it with: mimeo copy watch ${again.id}`);
        }),
      ),
    [`mimeo copy retry ${someCopy}`],
  );
}
