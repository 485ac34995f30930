/** How long agencies last. Requests say it in days, answers in hours; both count from when the agency was made. */
import type { Agency } from '../../../../domain/tenants.ts';
import { FaultError } from '../../../shared/faults.ts';
import type { Parameter } from '../../../shared/parameters.ts';
import { agencyFaults } from './agency-faults.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

const fault = agencyFaults.malformed;

/** Milliseconds; null for ever, undefined where it is not said. */
export const duration: Parameter<number | null | undefined> = {
  type: 'String',
  isRequired: false,
  rule: 'FOREVER, ONEDAY or a number of days up to 9999',
  faults: [fault],
  read(value, name) {
    if (value === undefined || value === null || value === '') return undefined;
    if (value === 'FOREVER') return null;
    if (value === 'ONEDAY') return dayMs;
    const days = typeof value === 'number' ? String(value) : value;
    if (typeof days !== 'string' || !/^[1-9]\d{0,3}$/.test(days)) throw new FaultError(fault, name);
    return Number(days) * dayMs;
  },
};

/** `24` for a day. */
export function durationOf({ createdAt, expiresAt }: Pick<Agency, 'createdAt' | 'expiresAt'>): string {
  return expiresAt === null ? 'FOREVER' : String(Math.ceil((expiresAt - createdAt) / hourMs));
}
