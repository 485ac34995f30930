import type { Command } from 'commander';
import { CliError, interruption } from './cli-error.ts';
import { type Client, createClient } from './client.ts';
import type { CliIo } from './io.ts';
import { findServer, readSettings } from './settings.ts';

/** What a command that talks to the server works with. */
export interface Session {
  readonly io: CliIo;
  readonly client: Client;
  /** Aborted by Ctrl-C; its reason is an error that ends the process as interrupted. */
  readonly signal: AbortSignal;
  /** The result: with --json the server's JSON, otherwise text for people. */
  print(json: unknown, text: string): void;
  /** For people alone, where the server has nothing to say. */
  printText(text: string): void;
}

/** Runs a command's work with a client for the server that its options name. */
export async function withSession(io: CliIo, command: Command, work: (session: Session) => Promise<void>) {
  const settings = readSettings(command, io.env);
  const controller = new AbortController();
  const { signal } = controller;
  const stop = io.onInterrupt(() => controller.abort(interruption()));
  try {
    const client = createClient(await findServer(settings), signal);
    await work({
      io,
      client,
      signal,
      print: (json, text) => void io.stdout.write(`${settings.json ? JSON.stringify(json, undefined, 2) : text}\n`),
      printText: (text) => void (settings.json || io.stdout.write(`${text}\n`)),
    });
  } catch (error) {
    // Whatever an interrupt broke is not worth telling, unless the command put it into words.
    if (signal.aborted && !(error instanceof CliError)) throw signal.reason;
    throw error;
  } finally {
    stop();
  }
}
