import { type Command, Option } from 'commander';
import { type MemberStatus, memberStatuses } from '../../domain/sharing.ts';
import type { ApiMember, ApiShare } from '../api-tenants.ts';
import { CliError } from '../cli-error.ts';
import type { Client } from '../client.ts';
import { exitCodes } from '../exit-codes.ts';
import { findImage } from '../find-image.ts';
import type { CliIo } from '../io.ts';
import { type Listing, printList, readAll } from '../list-things.ts';
import { formatTime } from '../render/units.ts';
import { path } from '../requests.ts';
import { online } from '../session.ts';
import { addExamples } from './help.ts';
import { addListCommand } from './resource.ts';

const membersOf = (image: string): Listing<ApiMember> => ({
  plural: 'accounts that it is shared with',
  path: path`/images/${image}/members`,
  member: 'members',
  unpaged: true,
  columns: [
    { title: 'ACCOUNT', value: ({ account }) => account.name },
    { title: 'NUMBER', value: ({ account }) => account.number },
    { title: 'STATUS', value: ({ status }) => status },
    { title: 'SINCE', value: ({ createdAt }) => formatTime(createdAt) },
  ],
});

const shares: Listing<ApiShare> = {
  plural: 'images that others share with this account',
  path: '/shares',
  member: 'shares',
  columns: [
    { title: 'IMAGE', value: ({ image }) => image.id },
    { title: 'NAME', value: ({ image }) => image.name },
    { title: 'REGION', value: ({ image }) => image.region },
    { title: 'FROM', value: ({ image }) => image.owner.name },
    { title: 'STATUS', value: ({ status }) => status },
    { title: 'SINCE', value: ({ createdAt }) => formatTime(createdAt) },
  ],
};

/** Images that more than one account sees: offered by one, accepted or rejected by the other. */
export function addShareCommands(program: Command, io: CliIo): void {
  const share = program.command('share').description('share images with other accounts, and answer their invitations');
  const account = ['<account>', 'id, number or name of the other account'] as const;

  addExamples(
    share
      .command('add')
      .description('share an image; the other account accepts or rejects it')
      .argument('<image>', 'id, name or region/name')
      .argument(...account)
      .action(
        online(io, async ({ client, print }, text: string, other: string) => {
          const { id, name } = await findImage(client, text);
          const member = await client.put<ApiMember>(path`/images/${id}/members/${other}`);
          print(member, `Shared ${name} with ${member.account.name} (${member.account.number}): ${member.status}.`);
        }),
      ),
    ['mimeo share add golden 1234567890123456'],
  );

  addExamples(
    share
      .command('remove')
      .description('stop sharing an image; copies that were made of it stay')
      .argument('<image>', 'id, name or region/name')
      .argument(...account)
      .action(
        online(io, async ({ client, printText }, text: string, other: string) => {
          const { id, name } = await findImage(client, text);
          await client.remove(path`/images/${id}/members/${other}`);
          printText(`${name} is not shared with ${other} any more.`);
        }),
      ),
    ['mimeo share remove golden 1234567890123456'],
  );

  addExamples(
    share
      .command('list')
      .description('list the accounts that an image is shared with')
      .argument('<image>', 'id, name or region/name')
      .action(
        online(io, async (session, text: string) => {
          const { id } = await findImage(session.client, text);
          await printList(session, membersOf(id));
        }),
      ),
    ['mimeo share list golden'],
  );

  addExamples(
    addListCommand(share, io, shares, 'received').addOption(
      new Option('--status <status>', 'only those').choices(memberStatuses),
    ),
    ['mimeo share received --status pending'],
  );

  for (const [verb, status, description] of [
    ['accept', 'accepted', 'accept an image that another account shares, to use and copy it'],
    ['reject', 'rejected', 'reject an image that another account shares'],
  ] as const) {
    addExamples(
      share
        .command(verb)
        .description(description)
        .argument('<image>', 'id, or name among those received')
        .action(
          online(io, async ({ client, print }, text: string) => {
            const { image } = await findShare(client, text);
            const answered = await client.patch<ApiShare>(path`/shares/${image.id}`, { status } satisfies Answer);
            print(answered, `${status === 'accepted' ? 'Accepted' : 'Rejected'} ${image.name} of ${image.owner.name}.`);
          }),
        ),
      [`mimeo share ${verb} golden`],
    );
  }
}

interface Answer {
  readonly status: Exclude<MemberStatus, 'pending'>;
}

async function findShare(client: Client, text: string): Promise<ApiShare> {
  const received = await readAll(client, shares);
  const matches = received.filter(({ image }) =>
    [image.id, image.aliyunId, image.jdcloudId, image.name].includes(text),
  );
  const [first, ...others] = matches;
  if (first !== undefined && others.length === 0) return first;
  if (first === undefined) {
    throw new CliError(`nobody shares an image "${text}" with this account`, {
      exitCode: exitCodes.notFound,
      advice: 'see those that others share with: mimeo share received',
    });
  }
  throw new CliError(`${matches.length} images named "${text}" are shared with this account`, {
    exitCode: exitCodes.usage,
    advice: `give the id of the one you mean: ${matches.map(({ image }) => image.id).join(', ')}`,
  });
}
