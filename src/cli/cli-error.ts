import { type ExitCode, exitCodes } from './exit-codes.ts';

export interface CliErrorOptions extends ErrorOptions {
  readonly exitCode?: ExitCode;
  /** What the person can do next, as a sentence without a full stop. */
  readonly advice?: string | undefined;
}

/** What went wrong, in words for the person at the terminal, and what the process ends with. */
export class CliError extends Error {
  readonly exitCode: ExitCode;
  readonly advice: string | undefined;

  constructor(message: string, options: CliErrorOptions = {}) {
    super(message, options);
    this.name = 'CliError';
    this.exitCode = options.exitCode ?? exitCodes.failed;
    this.advice = options.advice;
  }
}

/** The person pressed Ctrl-C, or somebody asked the process to end. */
export function interruption(): CliError {
  return new CliError('interrupted', { exitCode: exitCodes.interrupted });
}

/** The `code` of an error of Node's (`ENOENT`, `ECONNREFUSED`), undefined for any other. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : undefined;
}
