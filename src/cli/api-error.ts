import type { KeyState } from '../domain/key.ts';
import type { ApiProblem } from './api.ts';
import { CliError } from './cli-error.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';

/** The server understood who asked and said no, or failed: its problem document, as an error. */
export class ApiError extends CliError {
  readonly status: number;
  readonly problem: ApiProblem;
  /** By which the server's log and events know the request. */
  readonly requestId: string | undefined;

  constructor(status: number, problem: ApiProblem, requestId?: string) {
    super(problem.title, { exitCode: exitCodeOf(status, problem), advice: adviceFor(problem) });
    this.name = 'ApiError';
    this.status = status;
    this.problem = problem;
    this.requestId = requestId;
  }
}

function exitCodeOf(status: number, problem: ApiProblem): ExitCode {
  if (problem.code === damageCode) return exitCodes.damaged;
  if (status === 404) return exitCodes.notFound;
  return status >= 500 ? exitCodes.failed : exitCodes.refused;
}

/** The code under which a server reports stored bytes that do not verify. */
export const damageCode = 'image-damaged';

function seeQuotas({ region }: ApiProblem): string {
  return `see what is used with: mimeo quota show --region ${String(region)}`;
}

/** By the state of a key that cannot be used. */
const openings: Readonly<Record<string, string>> = {
  disabled: 'let it be used again with: mimeo key enable',
  'pending-import': 'give it its material with: mimeo key import',
  'pending-deletion': 'keep it with: mimeo key undelete',
} satisfies Readonly<Record<Exclude<KeyState, 'enabled'>, string>>;

/** What to do next, by the problem's code; a problem that is not here says enough in its title. */
const advice: Readonly<Record<string, (problem: ApiProblem) => string>> = {
  unauthenticated: () =>
    'log in again with: mimeo login; or check whose server it is (--profile, --data-dir, --token-file)',
  forbidden: () => 'see who you are here with: mimeo whoami',
  'precondition.failed': () => 'somebody was quicker: look at it again, then try again',
  'rate.limited': () => 'wait a little, then try again',
  internal: ({ requestId }) => `look for request ${String(requestId)} in the server's log`,
  'region.not-found': () => 'see the regions with: mimeo region list',
  'image.not-found': () => 'see the images with: mimeo image list',
  'snapshot.not-found': () => 'see the snapshots with: mimeo snapshot list',
  'snapshot.in-use': ({ image }) =>
    image === null
      ? 'ask an owner of the account which images stand on it'
      : `delete the image first: mimeo image delete ${String(image)} --keep-snapshots`,
  'copy.not-found': () => 'see the copies with: mimeo copy list',
  'image.protected': ({ image }) => `let it be deleted with: mimeo image set ${String(image)} --no-protect`,
  'image.being-copied': ({ copy }) =>
    copy === null ? 'try again later' : `wait for the copy (mimeo copy watch ${String(copy)}) or cancel it`,
  'image.importing': ({ task }) => `see how far it is with: mimeo task show ${String(task)}`,
  'image.exporting': ({ task }) => `see how far it is with: mimeo task show ${String(task)}`,
  'image.changing': ({ image }) => `wait until it is available: mimeo image show ${String(image)}`,
  'image.not-readable': ({ image }) => `it can be used once it is available: mimeo image show ${String(image)}`,
  'copy.not-retryable': ({ copy }) => `see how it is with: mimeo copy show ${String(copy)}`,
  'copy.finished': ({ copy }) => `see how it ended: mimeo copy show ${String(copy)}`,
  'task.not-found': () => 'see the tasks with: mimeo task list',
  'task.finished': ({ task }) => `see how it ended: mimeo task show ${String(task)}`,
  'task.completing': ({ task }) => `see how it ends: mimeo task show ${String(task)}`,
  'image.encrypted': () => 'make one that can be shared with: mimeo copy IMAGE --to REGION --encrypt none',
  'key.not-found': () =>
    'each key is of one region, and where several regions have an alias its key is named by its id; see them with: mimeo key list',
  'key.required': () => 'add --encrypt with a key of that region, with "default", or with "none"',
  'key.disabled': ({ key, state }) =>
    `${openings[String(state)] ?? 'see how it is with: mimeo key show'} ${String(key)}`,
  'key.not-granted': ({ key }) => `grant it with: mimeo key grant ${String(key)}`,
  'key.pending-deletion': ({ key }) => `keep it with: mimeo key undelete ${String(key)}`,
  'key.pending-import': ({ key }) => `give it its material with: mimeo key import ${String(key)}`,
  'key.alias-not-found': () => 'where several regions have it, add --region; see the aliases with: mimeo key aliases',
  'account.not-found': () => 'it is named by its number, id or name; its owner sees them with: mimeo account show self',
  'user.not-found': () => 'see the users with: mimeo user list',
  'access-key.not-found': () => 'see the keys with: mimeo access-key list',
  'access-key.limit': ({ user }) => `see the keys with: mimeo access-key list --user ${String(user)}`,
  'session.not-found': () => 'see the sessions with: mimeo session list',
  'session.limit': () => 'see the sessions with: mimeo session list',
  'project.not-found': () => 'see the projects with: mimeo project list',
  'agency.not-found': () => 'see the agencies with: mimeo agency list',
  'resource-group.not-found': () => 'see the resource groups with: mimeo resource-group list',
  'share.not-found': () => 'see what others share with: mimeo share received',
  'member.not-found': ({ image }) => `see who it is shared with: mimeo share list ${String(image)}`,
  'webhook.disabled': ({ webhook }) => `enable it with: mimeo webhook set ${String(webhook)} --enable`,
  'quota.images': seeQuotas,
  'quota.snapshots': seeQuotas,
  'quota.bytes': seeQuotas,
  'quota.copies': seeQuotas,
  'store.full': () => 'free space in the region: delete images, then run: mimeo store collect',
  [damageCode]: ({ image }) =>
    `see what is damaged with: mimeo store verify${image === undefined ? '' : ` ${String(image)}`}`,
};

function adviceFor(problem: ApiProblem): string | undefined {
  return Object.hasOwn(advice, problem.code) ? advice[problem.code]?.(problem) : undefined;
}
