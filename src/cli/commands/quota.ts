import { type Command, InvalidArgumentError, Option } from 'commander';
import { type QuotaKind, quotaKinds } from '../../domain/quota.ts';
import type { ApiQuotas } from '../api-tenants.ts';
import type { CliIo } from '../io.ts';
import { type Listing, printList } from '../list-things.ts';
import { type Column, renderTable } from '../render/table.ts';
import { formatBytes } from '../render/units.ts';
import { path } from '../requests.ts';
import { online } from '../session.ts';
import { addExamples } from './help.ts';
import { refuseNoChange } from './resource.ts';

const columns: readonly Column<ApiQuotas>[] = [
  { title: 'REGION', value: ({ region }) => region },
  ...quotaKinds.map((kind): Column<ApiQuotas> => {
    const format = kind === 'bytes' ? formatBytes : String;
    const value = ({ [kind]: { used, limit } }: ApiQuotas) => `${format(used)} of ${format(limit)}`;
    return { title: kind.toUpperCase(), align: 'right', value };
  }),
];

const quotasAt = (path: string): Listing<ApiQuotas> => ({
  plural: 'regions',
  path,
  member: 'quotas',
  columns,
  unpaged: true,
});

interface ShowOptions {
  readonly region?: string;
  readonly account?: string;
}

type Limits = Readonly<Partial<Record<QuotaKind, number | 'default'>>>;

/** How much of each region an account may have. */
export function addQuotaCommands(program: Command, io: CliIo): void {
  const quota = program
    .command('quota')
    .description('how many images, snapshots, bytes and copies an account may have');

  addExamples(
    quota
      .command('show')
      .description('show what is used, and what is the most that may be')
      .option('--region <region>', 'only this region')
      .addOption(new Option('--account <account>', "another account's, in all regions").conflicts('region'))
      .action(
        online(io, async (session, { region, account }: ShowOptions) => {
          const at = account === undefined ? '/quotas' : path`/accounts/${account}/quotas`;
          await printList(session, quotasAt(at), { region });
        }),
      ),
    ['mimeo quota show', 'mimeo quota show --region eu-1', 'mimeo quota show --account acme'],
  );

  const set = quota
    .command('set')
    .description("set an account's limits in a region; what is not named stays")
    .argument('<account>', 'id, number or name')
    .argument('<region>', 'where they hold')
    .action(
      online(io, async ({ client, print }, account: string, region: string, limits: Limits) => {
        refuseNoChange(limits);
        // Null is what the installation's settings say.
        const body = Object.fromEntries(
          Object.entries(limits).map(([kind, most]) => [kind, most === 'default' ? null : most]),
        );
        const quotas = await client.put<ApiQuotas>(path`/accounts/${account}/quotas/${region}`, body);
        print(quotas, renderTable(columns, [quotas]));
      }),
    );
  const what: Record<QuotaKind, string> = {
    images: 'images',
    snapshots: "snapshots: an image's disks",
    bytes: "bytes of the images' data (with K, M, G or T: powers of 1024)",
    copies: 'copies that run at a time',
  };
  for (const kind of quotaKinds) set.option(`--${kind} <n|default>`, `most ${what[kind]}`, limit);
  addExamples(set, ['mimeo quota set acme eu-1 --images 50 --bytes 2T', 'mimeo quota set acme eu-1 --images default']);
}

/** A number, with bytes in mind also of K, M, G or T. */
function limit(text: string): number | 'default' {
  if (text === 'default') return text;
  const [, digits, unit = ''] = /^(\d{1,12})([KMGT]?)$/.exec(text) ?? [];
  if (digits === undefined) throw new InvalidArgumentError('It is a whole number, such as 50 or 2T, or "default".');
  return Number(digits) * 1024 ** ' KMGT'.indexOf(unit || ' ');
}
