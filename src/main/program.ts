import type { Command } from 'commander';
import type { CliIo } from '../cli/io.ts';
import { buildProgram } from '../cli/program.ts';
import { addConfigCommands } from './config-command.ts';
import { addQuickstartCommand } from './quickstart.ts';
import { addServeCommand } from './serve.ts';
import { addTlsCommands } from './tls/tls-command.ts';
import { version } from './version.ts';

/** All of `mimeo`: the command line, and what runs in this process. */
export function buildMimeo(io: CliIo): Command {
  const program = buildProgram(io, version);
  addServeCommand(program, io);
  addQuickstartCommand(program, io);
  addConfigCommands(program, io);
  addTlsCommands(program, io);
  return program;
}
