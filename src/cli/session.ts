import type { Command } from 'commander';
import { CliError, interruption } from './cli-error.ts';
import { type Client, createClient } from './client.ts';
import type { CliIo } from './io.ts';
import { findServer, readSettings, type Settings } from './settings.ts';

/** What a command works with. */
export interface LocalSession {
  readonly io: CliIo;
  readonly settings: Settings;
  /** Aborted by Ctrl-C; its reason is an error that ends the process as interrupted. */
  readonly signal: AbortSignal;
  /** The result: with --json the server's JSON, otherwise text for people. */
  print(json: unknown, text: string): void;
  /** One of many results that come by and by: with --json a JSON a line. */
  printLine(json: unknown, text: string): void;
  /** For people alone, where the server has nothing to say. */
  printText(text: string): void;
  /** For people alone, beside the result: on standard error. */
  remark(text: string): void;
}

/** What a command that talks to the server works with. */
export interface Session extends LocalSession {
  readonly client: Client;
}

/** An action of commander's with arguments and options as `work` takes them; it is given a client for the chosen server. */
export function online<Given extends unknown[]>(io: CliIo, work: (session: Session, ...given: Given) => Promise<void>) {
  return withoutServer<Given>(io, async (local, ...given) => {
    const client = createClient(await findServer(local.settings), local.signal);
    await work({ ...local, client }, ...given);
  });
}

/** The same for a command that needs no server, or finds it by itself. */
export function withoutServer<Given extends unknown[]>(
  io: CliIo,
  work: (session: LocalSession, ...given: Given) => Promise<void>,
) {
  return async (...given: unknown[]) => {
    const settings = readSettings(given.pop() as Command, io.env);
    const controller = new AbortController();
    const { signal } = controller;
    const stop = io.onInterrupt(() => controller.abort(interruption()));
    try {
      await work({ io, settings, signal, ...printers(io, settings.json) }, ...(given as Given));
    } catch (error) {
      // Whatever an interrupt broke is not worth telling, unless the command put it into words.
      if (signal.aborted && !(error instanceof CliError)) throw signal.reason;
      throw error;
    } finally {
      stop();
    }
  };
}

function printers(
  { stdout, stderr }: CliIo,
  json: boolean,
): Pick<Session, 'print' | 'printLine' | 'printText' | 'remark'> {
  return {
    print: (answer, text) => void stdout.write(`${json ? JSON.stringify(answer, undefined, 2) : text}\n`),
    printLine: (answer, text) => void stdout.write(`${json ? JSON.stringify(answer) : text}\n`),
    printText: (text) => void (json || stdout.write(`${text}\n`)),
    remark: (text) => void (json || stderr.write(`${text}\n`)),
  };
}
