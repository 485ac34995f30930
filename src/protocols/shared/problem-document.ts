/** RFC 9457, as the native API and what stands before every protocol say no. */
export const problemType = 'application/problem+json';

export interface ProblemDocument {
  readonly type: string;
  /** The type's last part. */
  readonly code: string;
  /** One sentence for people. */
  readonly title: string;
  readonly status: number;
  /** The facts of the error. */
  readonly [fact: string]: unknown;
}

export function problemDocument(code: string, status: number, title: string, facts: object = {}): ProblemDocument {
  return { type: `urn:mimeo:problem:${code}`, code, title, status, ...facts };
}
