/** What a person types, or a script sends, when it is not among the options. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { CliError, interruption } from './cli-error.ts';
import { exitCodes } from './exit-codes.ts';
import type { CliIo } from './io.ts';

/** More than any answer has. */
const maxAnswer = 4096;

export interface AskOptions {
  /** Nothing of the answer is shown. */
  readonly hidden?: boolean;
  /** Spaces at its ends belong to it. */
  readonly verbatim?: boolean;
  /** What names it without asking, for the error when nobody can be asked. */
  readonly instead?: string;
}

/** The answer to a question on the terminal, or one line of standard input where that is none. */
export async function ask(io: CliIo, question: string, options: AskOptions): Promise<string> {
  const { hidden = false, verbatim = false, instead } = options;
  const given = io.stdin.isTTY ? await askPerson(io, question, hidden) : await readLine(io);
  const answer = verbatim ? given : given.trim();
  if (answer !== '') return answer;
  const option = instead === undefined ? '' : `with ${instead}, `;
  throw new CliError(`${question} is missing`, {
    exitCode: exitCodes.usage,
    advice: `give it ${option}on standard input, or run this in a terminal`,
  });
}

async function askPerson({ stdin, stderr }: CliIo, question: string, hidden: boolean): Promise<string> {
  stderr.write(`${question}: `);
  // The interface echoes to its output, which is why a hidden answer has one that leads nowhere.
  const nowhere = new Writable({ write: (_piece, _encoding, done) => done() });
  const terminal = createInterface({ input: stdin, output: hidden ? nowhere : stderr, terminal: true });
  const interrupted = new Promise<never>((_, reject) => {
    // In raw mode Ctrl-C and Ctrl-D are keys, not signals.
    terminal.once('SIGINT', () => reject(interruption())).once('close', () => reject(interruption()));
  });
  try {
    return await Promise.race([terminal.question(''), interrupted]);
  } finally {
    interrupted.catch(() => {});
    terminal.close();
    if (hidden) stderr.write('\n');
  }
}

async function readLine({ stdin }: CliIo): Promise<string> {
  let text = '';
  for await (const piece of stdin) {
    text += piece.toString();
    if (text.includes('\n') || text.length > maxAnswer) break;
  }
  return (text.split(/\r?\n/, 1)[0] ?? '').slice(0, maxAnswer);
}
