import { Command } from 'commander';
import { addAccessKeyCommands } from './commands/access-key.ts';
import { addAccountCommands } from './commands/account.ts';
import { addAgencyCommands } from './commands/agency.ts';
import { addCompletionCommands } from './commands/completion.ts';
import { addCopyCommands } from './commands/copy.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addEventCommands } from './commands/event.ts';
import { addImageCommands } from './commands/image.ts';
import { addKeyCommands } from './commands/key.ts';
import { addLoginCommands } from './commands/login.ts';
import { addProfileCommands } from './commands/profile.ts';
import { addProjectCommands } from './commands/project.ts';
import { addQuotaCommands } from './commands/quota.ts';
import { addRegionCommands } from './commands/region.ts';
import { addResourceGroupCommands } from './commands/resource-group.ts';
import { addSessionCommands } from './commands/session.ts';
import { addShareCommands } from './commands/share.ts';
import { addSnapshotCommands } from './commands/snapshot.ts';
import { addStoreCommands } from './commands/store.ts';
import { addTaskCommands } from './commands/task.ts';
import { addUserCommands } from './commands/user.ts';
import { addWebhookCommands } from './commands/webhook.ts';
import { exitCodesHelp } from './exit-codes.ts';
import type { CliIo } from './io.ts';
import { addGlobalOptions } from './settings.ts';

/**
 * The command line: everything a user can ask of a server, over the native API, and `doctor`. What runs in this
 * process (`serve`, `quickstart`) is added by main. Run it with `runProgram`.
 */
export function buildProgram(io: CliIo, version: string): Command {
  const program = new Command('mimeo')
    .description('Keeps virtual-machine images in regions and copies them. Talks to a server: mimeo serve')
    .version(version)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'mimeo: ')),
    })
    .showHelpAfterError('add --help to see how it is used')
    .addHelpText('after', `\n${exitCodesHelp()}`);
  addGlobalOptions(program);
  program.commandsGroup('Images and copies:');
  addImageCommands(program, io);
  addSnapshotCommands(program, io);
  addCopyCommands(program, io);
  addTaskCommands(program, io);
  addShareCommands(program, io);
  addKeyCommands(program, io);
  program.commandsGroup('Your account:');
  addLoginCommands(program, io);
  addProfileCommands(program, io);
  addUserCommands(program, io);
  addAccessKeyCommands(program, io);
  addSessionCommands(program, io);
  addAgencyCommands(program, io);
  addProjectCommands(program, io);
  addResourceGroupCommands(program, io);
  addWebhookCommands(program, io);
  addEventCommands(program, io);
  program.commandsGroup('The installation:');
  addRegionCommands(program, io);
  addStoreCommands(program, io);
  addAccountCommands(program, io);
  addQuotaCommands(program, io);
  program.commandsGroup('This machine:');
  addCompletionCommands(program, io);
  addDoctorCommand(program, io, version);
  program.helpCommand('help [command]', 'show what a command does, as --help does');
  return program;
}
