import { databaseFailure } from '../db/database.ts';
import { FailureError } from '../domain/failure.ts';

/** What an error amounts to that no use case has a name for: front doors ask before they answer that something failed. */
export function failureOf(error: unknown): FailureError | undefined {
  return error instanceof FailureError ? error : databaseFailure(error);
}
