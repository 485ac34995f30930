/** One thing that was looked at: what was found, and what to do if that is not as it should be. */
export interface Check {
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly message: string;
  readonly advice?: string;
}

export function ok(name: string, message: string): Check {
  return { name, status: 'ok', message };
}

/** It works, or would, but may soon not. */
export function warn(name: string, message: string, advice: string): Check {
  return { name, status: 'warn', message, advice };
}

/** It does not work. */
export function fail(name: string, message: string, advice: string): Check {
  return { name, status: 'fail', message, advice };
}
