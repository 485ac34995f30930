/** Closed list: what can be wrong with a data directory. */
export type DataDirectoryErrorCode =
  | 'in-use'
  | 'not-a-data-directory'
  | 'not-writable'
  | 'other-format'
  | 'other-owner'
  | 'secret-damaged'
  | 'secret-exposed'
  | 'secret-missing';

/** The data directory can't be used; the message is for the person who started Mimeo and says what to do next. */
export class DataDirectoryError extends Error {
  readonly code: DataDirectoryErrorCode;

  constructor(code: DataDirectoryErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DataDirectoryError';
    this.code = code;
  }
}
