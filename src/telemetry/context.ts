/**
 * What every log line within a request or a copy carries, without being handed from function to function: the facts go with
 * the asynchronous work itself. `logger.ts` adds them to each line.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

/** Facts by name: `requestId`, `protocol`, `account`, `user`, `copyId` … */
export type LogFacts = Record<string, string | number>;

const storage = new AsyncLocalStorage<LogFacts>();

/** Runs `work`; its log lines, and those of all that it starts, carry `facts` and those of the work around it. */
export function withLogFacts<Result>(facts: LogFacts, work: () => Result): Result {
  return storage.run({ ...storage.getStore(), ...facts }, work);
}

/** Adds facts that are known only later, such as who the caller is, to the work in progress. Outside of any it does nothing. */
export function addLogFacts(facts: LogFacts): void {
  const store = storage.getStore();
  if (store !== undefined) Object.assign(store, facts);
}

export function currentLogFacts(): Readonly<LogFacts> {
  return storage.getStore() ?? {};
}
