/** Closed list: why the embedded PostgreSQL can't be had. */
export type EmbeddedPostgresErrorCode =
  | 'cannot-run'
  | 'damaged'
  | 'in-use'
  | 'other-version'
  | 'start-failed'
  | 'unsafe-folder'
  | 'unsupported-platform';

/** The embedded PostgreSQL does not start; the message is for the person who started Mimeo and says what to do next. */
export class EmbeddedPostgresError extends Error {
  readonly code: EmbeddedPostgresErrorCode;

  constructor(code: EmbeddedPostgresErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EmbeddedPostgresError';
    this.code = code;
  }
}
