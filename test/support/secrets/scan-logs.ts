/** All that loggers of this process write, wherever to, searched for the secrets that it knows. */
import { pino } from 'pino';
import { searchSecrets } from './find-secrets.ts';

/** Of one process, which runs one file of tests. */
const mostBytes = 64 * 1024 * 1024;

const lines: string[] = [];
let bytes = 0;
let isWatching = false;

/** From now on every line is kept until the process ends. */
export function watchLogs(): void {
  if (isWatching) return;
  isWatching = true;
  const { asJsonSym } = pino.symbols;
  // What makes a line is inherited by every logger.
  let prototype: object = pino({ level: 'silent' });
  while (!Object.hasOwn(prototype, asJsonSym)) prototype = Object.getPrototypeOf(prototype);
  const asJson: (...args: unknown[]) => string = Reflect.get(prototype, asJsonSym);
  Object.defineProperty(prototype, asJsonSym, {
    value(this: unknown, ...args: unknown[]) {
      const line = Reflect.apply(asJson, this, args);
      bytes += line.length;
      if (bytes > mostBytes) throw new Error(`one file of tests has written more than ${mostBytes} bytes of logs`);
      lines.push(line);
      return line;
    },
  });
}

/** What stands in plain sight, by the member of the line. */
export function findSecretsInLogs(): string[] {
  const search = searchSecrets();
  if (search.in(Buffer.from(lines.join(''))).length === 0) return [];
  return [...new Set(lines.flatMap((line) => search.inJson(JSON.parse(line))))].map((found) => `log line, ${found}`);
}
