/**
 * The installation's master key: the database's secrets and the material of keys are sealed with what is derived from it. The
 * configuration has it, or names a program that prints it; otherwise it lies in the data directory (secret-file.ts).
 */
import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { promisify } from 'node:util';
import type { Config } from '../config/schema.ts';

export const masterKeyBytes = 32;

/** For messages. */
export const masterKeyForms = `${masterKeyBytes} bytes, as they are, in hexadecimal or in base64`;

/** Half a minute for somebody to press the button of a token. */
const commandMs = 30_000;

/** More than any key, for what programs say besides on their standard error. */
const maxBuffer = 64 * 1024;

const run = promisify(execFile);

/** Undefined when it is in none of the three forms. What is text may end with a newline. */
export function decodeMasterKey(content: Buffer): Buffer | undefined {
  if (content.length === masterKeyBytes) return content;
  const text = content.toString('latin1').trim();
  if (/^[\da-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  return /^[\w+/-]{43}=?$/.test(text) ? Buffer.from(text, 'base64') : undefined;
}

/** How to come by the key that the configuration speaks of; undefined when it speaks of none. */
export function configuredMasterKey(
  config: Pick<Config, 'masterKey' | 'masterKeyCommand'>,
  timeout = commandMs,
): (() => Promise<Buffer>) | undefined {
  const { masterKey: text, masterKeyCommand: command } = config;
  if (text !== undefined) return async () => expectKey('masterKey', Buffer.from(text));
  return command === undefined ? undefined : async () => expectKey(command, await printed(command, timeout));
}

/** No message quotes what should have been a key. */
function expectKey(source: string, content: Buffer): Buffer {
  const key = decodeMasterKey(content);
  if (key !== undefined) return key;
  throw new Error(`the master key must be ${masterKeyForms}: ${source} gave ${content.length} bytes of something else`);
}

async function printed(command: string, timeout: number): Promise<Buffer> {
  await refuseOthersProgram(command);
  try {
    const running = run(command, [], { encoding: 'buffer', timeout, maxBuffer, killSignal: 'SIGKILL' });
    // Whoever asks there gets no answer.
    running.child.stdin?.end();
    return (await running).stdout;
  } catch (error) {
    // What it wrote stays unsaid, and so the error, which quotes it.
    const { code, signal } = error as { code?: unknown; signal?: unknown };
    throw new Error(
      `masterKeyCommand ${command} gave no master key (${signal ?? code}): run it by hand as Mimeo's user to see why`,
    );
  }
}

/** Whoever may write the program is given the key. */
async function refuseOthersProgram(command: string): Promise<void> {
  const stats = await stat(command).catch((error: Error) => {
    throw new Error(`masterKeyCommand cannot be run: ${error.message}; give the absolute path of a program`);
  });
  const me = process.geteuid?.() ?? stats.uid;
  if (!stats.isFile() || !isAbsolute(command)) {
    throw new Error(`masterKeyCommand must be the absolute path of a program, and is ${command}`);
  }
  if ((stats.mode & 0o022) !== 0 || (stats.uid !== 0 && stats.uid !== me)) {
    throw new Error(
      `masterKeyCommand ${command} can be changed by others, who would be given the master key: let it belong to root or ` +
        "to Mimeo's user, and nobody else write it (chmod go-w)",
    );
  }
}
