import { Argument, type Command } from 'commander';
import { keyServices } from '../../domain/key.ts';
import type { ApiKeyAlias } from '../api-keys.ts';
import type { CliIo } from '../io.ts';
import type { Listing } from '../list-things.ts';
import { formatTime } from '../render/units.ts';
import { path } from '../requests.ts';
import { online } from '../session.ts';
import { addExamples } from './help.ts';
import { addListCommand } from './resource.ts';

const aliases: Listing<ApiKeyAlias> = {
  plural: 'aliases',
  path: '/key-aliases',
  member: 'aliases',
  columns: [
    { title: 'ALIAS', value: ({ name }) => name },
    { title: 'REGION', value: ({ region }) => region },
    { title: 'KEY', value: ({ key }) => key },
    { title: 'CREATED', value: ({ createdAt }) => formatTime(createdAt) },
  ],
};

/** What keys are called, and who may use them. */
export function addKeyNameCommands(key: Command, io: CliIo): void {
  addExamples(
    key
      .command('alias')
      .description('give a key another name')
      .argument('<key>', 'id, or an alias that it has')
      .argument('<name>', '1 to 255 letters, digits and : / _ -')
      .action(
        online(io, async ({ client, print }, text: string, name: string) => {
          const alias = await client.post<ApiKeyAlias>('/key-aliases', { key: text, name });
          print(alias, `Key ${alias.key} in ${alias.region} is called ${name}.`);
        }),
      ),
    ['mimeo key alias payroll wages'],
  );

  addExamples(
    key
      .command('unalias')
      .description('take a name away from a key; the key stays')
      .argument('<name>', 'the alias')
      .option('--region <region>', 'whose, where several have it')
      .action(
        online(io, async ({ client, printText }, name: string, { region }: { readonly region?: string }) => {
          const query = region === undefined ? '' : `?${new URLSearchParams({ region })}`;
          await client.remove(path`/key-aliases/${name}` + query);
          printText(`No key is called ${name} any more.`);
        }),
      ),
    ['mimeo key unalias wages --region eu-1'],
  );

  addExamples(addListCommand(key, io, aliases, 'aliases').option('--region <region>', 'only those in this region'), [
    'mimeo key aliases --region eu-1',
  ]);

  const service = () => new Argument('[service]', 'the image service').choices(keyServices).default('images');
  addExamples(
    key
      .command('grant')
      .description('let a service use a key; without that, no image is encrypted with it')
      .argument('<key>', 'id or alias')
      .addArgument(service())
      .action(
        online(io, async ({ client, print }, text: string, granted: string) => {
          print(await client.put(path`/keys/${text}/grants/${granted}`), `The service ${granted} may use key ${text}.`);
        }),
      ),
    ['mimeo key grant payroll'],
  );

  addExamples(
    key
      .command('revoke')
      .description('let a service use a key no more; what is encrypted with it cannot be read until it may again')
      .argument('<key>', 'id or alias')
      .addArgument(service())
      .action(
        online(io, async ({ client, printText }, text: string, revoked: string) => {
          await client.remove(path`/keys/${text}/grants/${revoked}`);
          printText(`The service ${revoked} may use key ${text} no more.`);
        }),
      ),
    ['mimeo key revoke payroll'],
  );
}
