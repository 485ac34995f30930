import { FaultError } from '../../shared/faults.ts';
import { tokenFaults } from './token-faults.ts';

/** The token that a request is about; the one that it is sent with is another, or the same. */
export function subjectToken(headers: ReadonlyMap<string, string>): string {
  const token = headers.get('x-subject-token');
  if (!token) throw new FaultError(tokenFaults.malformed, 'X-Subject-Token is missing');
  return token;
}
