import { Command } from 'commander';
import { addCopyCommands } from './commands/copy.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addImageCommands } from './commands/image.ts';
import { addRegionCommands } from './commands/region.ts';
import { addStoreCommands } from './commands/store.ts';
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
  addRegionCommands(program, io);
  addImageCommands(program, io);
  addCopyCommands(program, io);
  addStoreCommands(program, io);
  addDoctorCommand(program, io, version);
  return program;
}
