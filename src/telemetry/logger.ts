/** Structured logs: one JSON object a line on standard error, with the facts of the request or copy that it belongs to. */
import { type Logger as PinoLogger, pino } from 'pino';
import { currentLogFacts } from './context.ts';
import { redact } from './redact.ts';

/** The part of pino that the rest of the code may use. */
export interface Logger {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
  /** A logger that adds `facts` to each line. */
  child(facts: object): Logger;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Where the lines go; standard error, unless a test wants to read them. */
export interface LogDestination {
  write(line: string): void;
}

export function createLogger(level: LogLevel, destination?: LogDestination): Logger {
  const root = pino(
    {
      level,
      base: null,
      mixin: currentLogFacts,
      // Its own way would add the line's facts to the work's.
      mixinMergeStrategy: (line, work) => ({ ...work, ...line }),
      formatters: { log: redact },
    },
    destination ?? pino.destination({ dest: 2, sync: true }),
  );
  return withRedactedChildren(root);
}

/** pino formats what a line brings, but not what a child is made with. */
function withRedactedChildren(logger: PinoLogger): Logger {
  return {
    debug: logger.debug.bind(logger),
    info: logger.info.bind(logger),
    warn: logger.warn.bind(logger),
    error: logger.error.bind(logger),
    child: (facts) => withRedactedChildren(logger.child(redact(facts))),
  };
}

export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
};
