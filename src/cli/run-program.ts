import type { Command } from 'commander';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import type { CliIo } from './io.ts';
import { reportError } from './report-error.ts';

/** Runs the command that `args` (without Node and script) name; returns what the process is to end with. */
export async function runProgram(program: Command, args: readonly string[], io: CliIo): Promise<ExitCode> {
  throwInsteadOfExiting(program);
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCodes.ok;
  } catch (error) {
    return reportError(error, io);
  }
}

/** Commander would end the process by itself, with 1 where we promise 2, and cut off what is still being written. */
function throwInsteadOfExiting(command: Command): void {
  command.exitOverride();
  for (const subcommand of command.commands) throwInsteadOfExiting(subcommand);
}
