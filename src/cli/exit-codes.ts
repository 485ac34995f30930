/** What the process ends with: scripts decide by these, so a number never changes its meaning. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  refused: 4,
  unreachable: 5,
  damaged: 6,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

const meanings: Record<keyof typeof exitCodes, string> = {
  ok: 'done',
  failed: 'the operation failed, or a copy or task that was waited for failed or was cancelled',
  usage: 'the command line is wrong',
  notFound: 'no such image, copy, region, user, profile, file …',
  refused: 'the server refused the request',
  unreachable: 'the server could not be reached, or the connection broke off',
  damaged: 'stored data is damaged',
  interrupted: 'interrupted (Ctrl-C)',
};

/** The footer of `mimeo --help`. */
export function exitCodesHelp(): string {
  const names = Object.keys(exitCodes) as (keyof typeof exitCodes)[];
  return ['Exit codes:', ...names.map((name) => `  ${String(exitCodes[name]).padEnd(4)}  ${meanings[name]}`)].join(
    '\n',
  );
}
