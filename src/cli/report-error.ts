import { CommanderError } from 'commander';
import { ApiError } from './api-error.ts';
import { CliError } from './cli-error.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import type { CliIo } from './io.ts';

/** Says on standard error what happened and what to do next, and returns what the process ends with. */
export function reportError(error: unknown, io: CliIo): ExitCode {
  if (error instanceof CommanderError) {
    // Commander has said it already; `--help` and `--version` come as an error with exit code 0.
    return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  }
  const debug = Boolean(io.env['MIMEO_DEBUG']);
  const message = error instanceof Error ? error.message : String(error);
  const advice =
    error instanceof CliError ? error.advice : 'if this makes no sense, MIMEO_DEBUG=1 shows where it happened';
  io.stderr.write(`mimeo: ${message}\n`);
  if (advice !== undefined) io.stderr.write(`${advice}\n`);
  if (error instanceof ApiError && error.requestId !== undefined) io.stderr.write(`(request ${error.requestId})\n`);
  if (debug && error instanceof Error) io.stderr.write(`${describe(error)}\n`);
  return error instanceof CliError ? error.exitCode : exitCodes.failed;
}

/** The stack, and those of the errors that led to it. */
function describe(error: Error): string {
  const stack = error.stack ?? error.message;
  return error.cause instanceof Error ? `${stack}\ncaused by ${describe(error.cause)}` : stack;
}
