import type { Command } from 'commander';
import type { ApiKey, ApiRewrapped } from '../api-keys.ts';
import { ask } from '../ask.ts';
import type { CliIo } from '../io.ts';
import { path } from '../requests.ts';
import { online } from '../session.ts';
import { addExamples } from './help.ts';

const changes = [
  ['enable', 'enable', 'let a key be used again', 'can be used again'],
  [
    'disable',
    'disable',
    'make all that is encrypted with a key unreadable until it is enabled again',
    'cannot be used',
  ],
  ['undelete', 'cancel-deletion', 'keep a key that was to be destroyed', 'is kept'],
  ['rotate', 'rotate', 'make a new version of a key; what older ones have encrypted stays readable', 'is rotated'],
] as const;

/** What changes a key without a word more. */
export function addKeyChangeCommands(key: Command, io: CliIo): void {
  for (const [verb, action, description, done] of changes) {
    addExamples(
      key
        .command(verb)
        .description(description)
        .argument('<key>', 'id or alias')
        .action(
          online(io, async ({ client, print }, text: string) => {
            const changed = await client.post<ApiKey>(`${path`/keys/${text}`}/${action}`);
            print(changed, `Key ${text} ${done}: ${changed.state}, version ${changed.version || '-'}.`);
          }),
        ),
      [`mimeo key ${verb} payroll`],
    );
  }

  addExamples(
    key
      .command('rewrap')
      .description("encrypt all disks' own keys with a key's newest version; no disk is rewritten")
      .argument('<key>', 'id or alias')
      .action(
        online(io, async ({ client, print, signal }, text: string) => {
          // It takes as long as there are disks.
          const rewrapped = await client.post<ApiRewrapped>(path`/keys/${text}/rewrap`, undefined, { signal });
          const { dataKeys, key: after } = rewrapped;
          print(
            rewrapped,
            `Version ${after.version} of key ${text} has re-wrapped ${dataKeys} data ${dataKeys === 1 ? 'key' : 'keys'}.`,
          );
        }),
      ),
    ['mimeo key rewrap payroll'],
  );

  addExamples(
    key
      .command('import')
      .description('give an external key its material: 32 random bytes in base64, asked for or from standard input')
      .argument('<key>', 'id or alias')
      .action(
        online(io, async ({ client, print }, text: string) => {
          const material = await ask(io, 'Material in base64', { hidden: true });
          const imported = await client.post<ApiKey>(path`/keys/${text}/import`, { material });
          print(imported, `Key ${text} has its material and is ${imported.state}. Keep the material, too.`);
        }),
      ),
    ['mimeo key import own', 'mimeo key import own < material.txt'],
  );
}
