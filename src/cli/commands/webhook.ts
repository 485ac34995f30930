import type { Command } from 'commander';
import type { ApiDelivery, ApiNewWebhook, ApiWebhook } from '../api-events.ts';
import type { CliIo } from '../io.ts';
import { type Listing, type ListOptions, printList } from '../list-things.ts';
import { renderFields } from '../render/table.ts';
import { formatTime, yesOrNo } from '../render/units.ts';
import { path } from '../requests.ts';
import { online } from '../session.ts';
import { addExamples } from './help.ts';
import {
  addDeleteCommand,
  addDisableOptions,
  addListCommand,
  addSetCommand,
  addShowCommand,
  findThing,
  type Resource,
  withDisabled,
} from './resource.ts';
import { addPagingOptions, repeatable } from './values.ts';

const webhooks: Resource<ApiWebhook> = {
  singular: 'webhook',
  plural: 'webhooks',
  path: '/webhooks',
  member: 'webhooks',
  unpaged: true,
  names: ({ url }) => [url],
  columns: [
    { title: 'ID', value: ({ id }) => id },
    { title: 'URL', value: ({ url }) => url },
    { title: 'TYPES', value: ({ types }) => types.join(', ') },
    { title: 'ENABLED', value: ({ disabled }) => yesOrNo(!disabled) },
  ],
  fields: ({ id, url, types, description, disabled, createdAt }) => [
    ['Url', url],
    ['Types', types.join(', ')],
    ['Description', description || '-'],
    ['Enabled', yesOrNo(!disabled)],
    ['Created', formatTime(createdAt)],
    ['Id', id],
  ],
};

const deliveriesOf = (webhook: string): Listing<ApiDelivery> => ({
  plural: 'deliveries',
  path: path`/webhooks/${webhook}/deliveries`,
  member: 'deliveries',
  columns: [
    { title: 'ID', value: ({ id }) => id },
    { title: 'TYPE', value: ({ type }) => type },
    { title: 'STATE', value: ({ state }) => state },
    { title: 'ATTEMPTS', align: 'right', value: ({ attempts }) => attempts },
    { title: 'ANSWER', value: ({ lastStatus, lastError }) => lastError ?? lastStatus ?? '-' },
    { title: 'NEXT', value: ({ nextAttemptAt }) => formatTime(nextAttemptAt) },
    { title: 'ENDED', value: ({ finishedAt }) => formatTime(finishedAt) },
  ],
});

const typeOption = ['--type <type>', 'such as copy.succeeded, image.* or *; may be repeated', repeatable] as const;

interface NewOptions {
  readonly type?: readonly string[];
  readonly description?: string;
}

/** Events that are sent to a URL as they happen (docs/native-api.md, "Webhooks"). */
export function addWebhookCommands(program: Command, io: CliIo): void {
  const webhook = program.command('webhook').description('send events to a URL as they happen');
  addExamples(addListCommand(webhook, io, webhooks), ['mimeo webhook list']);

  addExamples(
    webhook
      .command('create')
      .description('make a webhook; the secret that its deliveries are signed with is shown once')
      .argument('<url>', 'where to send the events')
      .option(...typeOption)
      .option('--description <text>', 'what it is for')
      .action(
        online(io, async ({ client, print }, url: string, { type: types = ['*'], ...others }: NewOptions) => {
          const made = await client.post<ApiNewWebhook>('/webhooks', { url, types, ...others });
          const fields = renderFields([...webhooks.fields(made), ['Secret', made.secret]]);
          print(
            made,
            `${fields}\n\nThe secret is not shown again. Try the webhook with: mimeo webhook ping ${made.id}`,
          );
        }),
      ),
    ['mimeo webhook create https://ci.example.com/mimeo --type copy.succeeded --type copy.failed'],
  );

  addExamples(addShowCommand(webhook, io, webhooks), ['mimeo webhook show https://ci.example.com/mimeo']);
  const set = addSetCommand(webhook, io, webhooks, ({ type, ...options }) => ({
    ...withDisabled(options),
    ...(type !== undefined && { types: type }),
  }))
    .option('--url <url>', 'where to send the events')
    .option(...typeOption)
    .option('--description <text>', 'what it is for');
  addExamples(addDisableOptions(set, 'events for it'), [
    'mimeo webhook set https://ci.example.com/mimeo --type "image.*"',
  ]);
  addExamples(addDeleteCommand(webhook, io, webhooks), ['mimeo webhook delete https://ci.example.com/mimeo']);

  addExamples(
    webhook
      .command('ping')
      .description('send an event that says nothing, to see whether it arrives')
      .argument('<webhook>', 'id or URL')
      .action(
        online(io, async ({ client, print }, text: string) => {
          const { id } = await findThing(client, webhooks, text);
          const delivery = await client.post<ApiDelivery>(path`/webhooks/${id}/ping`);
          print(delivery, `A ping is on its way. See how it went with: mimeo webhook deliveries ${id}`);
        }),
      ),
    ['mimeo webhook ping https://ci.example.com/mimeo'],
  );

  addExamples(
    addPagingOptions(webhook.command('deliveries').description('list what was sent, newest first'))
      .argument('<webhook>', 'id or URL')
      .action(
        online(io, async (session, text: string, options: ListOptions) => {
          const { id } = await findThing(session.client, webhooks, text);
          await printList(session, deliveriesOf(id), options);
        }),
      ),
    ['mimeo webhook deliveries https://ci.example.com/mimeo --limit 10'],
  );

  addExamples(
    webhook
      .command('redeliver')
      .description('send a delivery again')
      .argument('<webhook>', 'id or URL')
      .argument('<delivery>', 'id of the delivery')
      .action(
        online(io, async ({ client, print }, text: string, delivery: string) => {
          const { id } = await findThing(client, webhooks, text);
          const again = await client.post<ApiDelivery>(path`/webhooks/${id}/deliveries/${delivery}/redeliver`);
          print(again, `It is sent again. See how it went with: mimeo webhook deliveries ${id}`);
        }),
      ),
    ['mimeo webhook redeliver https://ci.example.com/mimeo 0f9c4a1e-54b5-4d0c-8a3e-5be0f6b8d0b1'],
  );
}
