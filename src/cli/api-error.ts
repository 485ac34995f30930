import type { ApiProblem } from './api.ts';
import { CliError } from './cli-error.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';

/** The server understood who asked and said no, or failed: its problem document, as an error. */
export class ApiError extends CliError {
  readonly status: number;
  readonly problem: ApiProblem;

  constructor(status: number, problem: ApiProblem) {
    super(problem.title, { exitCode: exitCodeOf(status, problem), advice: adviceFor(problem) });
    this.name = 'ApiError';
    this.status = status;
    this.problem = problem;
  }
}

function exitCodeOf(status: number, problem: ApiProblem): ExitCode {
  if (problem.code === damageCode) return exitCodes.damaged;
  if (status === 404) return exitCodes.notFound;
  return status >= 500 ? exitCodes.failed : exitCodes.refused;
}

/** The code under which a server reports stored bytes that do not verify. */
export const damageCode = 'image-damaged';

/** What to do next, by the problem's code; a problem that is not here says enough in its title. */
const advice: Readonly<Record<string, (problem: ApiProblem) => string>> = {
  unauthenticated: () => 'the token is not one of this server; check --data-dir or give its token with --token-file',
  internal: ({ requestId }) => `look for request ${String(requestId)} in the server's log`,
  'region.not-found': () => 'see the regions with: mimeo region list',
  'image.not-found': () => 'see the images with: mimeo image list',
  'copy.not-found': () => 'see the copies with: mimeo copy list',
  'image.being-copied': ({ copy }) => `wait for the copy (mimeo copy watch ${String(copy)}) or cancel it`,
  'image.changing': ({ image }) => `wait until it is available: mimeo image show ${String(image)}`,
  'image.not-readable': ({ image }) => `it can be used once it is available: mimeo image show ${String(image)}`,
  'copy.finished': ({ copy }) => `see how it ended: mimeo copy show ${String(copy)}`,
  'store.full': () => 'free space in the region: delete images, then run: mimeo store collect',
  [damageCode]: ({ image }) => `see what is damaged with: mimeo store verify ${String(image)}`,
};

function adviceFor(problem: ApiProblem): string | undefined {
  return Object.hasOwn(advice, problem.code) ? advice[problem.code]?.(problem) : undefined;
}
