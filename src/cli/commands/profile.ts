import type { Command } from 'commander';
import type { CliIo } from '../io.ts';
import { type Profile, profileNamed, readProfiles, withoutProfile, writeProfiles } from '../profiles.ts';
import { type Column, renderFields, renderTable } from '../render/table.ts';
import { formatTime } from '../render/units.ts';
import { withoutServer } from '../session.ts';
import { addExamples } from './help.ts';

/** A profile without what it keeps secret. */
interface Shown {
  readonly name: string;
  readonly current: boolean;
  readonly server: string;
  readonly caFile: string | null;
  readonly accessKey: string | null;
  readonly expiresAt: string | null;
}

const columns: readonly Column<Shown>[] = [
  { title: '', value: ({ current }) => (current ? '*' : ' ') },
  { title: 'NAME', value: ({ name }) => name },
  { title: 'SERVER', value: ({ server }) => server },
  { title: 'BY', value: by },
  { title: 'ENDS', value: ({ expiresAt }) => formatTime(expiresAt) },
];

/** Which servers one uses, and as whom; made by `mimeo login`. */
export function addProfileCommands(program: Command, io: CliIo): void {
  const profile = program.command('profile').description('servers that you have logged in to, and as whom');
  const name = ['<name>', 'name of the profile'] as const;

  addExamples(
    profile
      .command('list')
      .description('list the profiles; the current one has a star')
      .action(
        withoutServer(io, async ({ settings, print }) => {
          const { current, profiles } = await readProfiles(settings.profilesFile);
          const shown = Object.entries(profiles).map(([each, found]) => show(each, found, current));
          const text = shown.length === 0 ? 'No profiles. Make one with: mimeo login' : renderTable(columns, shown);
          print({ profiles: shown }, text);
        }),
      ),
    ['mimeo profile list'],
  );

  addExamples(
    profile
      .command('use')
      .description('make a profile the current one, which is used when nothing else is named')
      .argument(...name)
      .action(
        withoutServer(io, async ({ settings, print }, chosen: string) => {
          const profiles = await readProfiles(settings.profilesFile);
          const found = profileNamed(profiles, chosen);
          await writeProfiles(settings.profilesFile, { ...profiles, current: chosen });
          print(show(chosen, found, chosen), `The profile "${chosen}" is used from now on.`);
        }),
      ),
    ['mimeo profile use ci'],
  );

  addExamples(
    profile
      .command('show')
      .description('show a profile, without its secret')
      .argument('[name]', 'name of the profile (default: the current one)')
      .action(
        withoutServer(io, async ({ settings, print }, asked: string | undefined) => {
          const profiles = await readProfiles(settings.profilesFile);
          const chosen = asked ?? settings.profile ?? profiles.current ?? 'default';
          const shown = show(chosen, profileNamed(profiles, chosen), profiles.current);
          print(shown, render(shown));
        }),
      ),
    ['mimeo profile show', 'mimeo profile show ci'],
  );

  addExamples(
    profile
      .command('delete')
      .description('forget a profile; its key stays what it is (mimeo logout ends a token as well)')
      .argument(...name)
      .action(
        withoutServer(io, async ({ settings, printText }, chosen: string) => {
          const profiles = await readProfiles(settings.profilesFile);
          profileNamed(profiles, chosen);
          await writeProfiles(settings.profilesFile, withoutProfile(profiles, chosen));
          printText(`Forgot the profile "${chosen}".`);
        }),
      ),
    ['mimeo profile delete ci'],
  );
}

function show(name: string, profile: Profile, current: string | null): Shown {
  return {
    name,
    current: name === current,
    server: profile.server,
    caFile: profile.caFile ?? null,
    accessKey: 'accessKey' in profile ? profile.accessKey : null,
    expiresAt: 'token' in profile ? profile.expiresAt : null,
  };
}

function render(shown: Shown): string {
  return renderFields([
    ['Name', shown.name],
    ['Current', shown.current ? 'yes' : 'no'],
    ['Server', shown.server],
    ['CA file', shown.caFile ?? '-'],
    ['By', by(shown)],
    ['Ends', formatTime(shown.expiresAt)],
  ]);
}

function by({ accessKey }: Shown): string {
  return accessKey === null ? 'token' : `access key ${accessKey}`;
}
