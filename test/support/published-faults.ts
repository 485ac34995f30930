/** No action says a no that its error table does not have: whatever a test asks for, its client looks. */
import { expect } from 'vitest';
import { commonFaults } from '../../src/protocols/aliyun/common-faults.ts';
import type { Fault, Page } from '../../src/protocols/aliyun/fault.ts';
import { type Operation, services } from '../../src/protocols/aliyun/operation.ts';
import { findOperation } from '../../src/protocols/aliyun/operations.ts';
import type { AliyunClient, AliyunError } from './aliyun-client.ts';

/** The page's wording, in which anything may stand for `%s`. */
export function wordingOf(fault: Fault, page: Page): RegExp {
  const wording = page === 'older' ? (fault.older ?? fault.message) : fault.message;
  return new RegExp(`^${wording.split('%s').map(RegExp.escape).join('.+')}$`, 's');
}

/** The same client; its `call` fails the test where the answer is an error without a row that can occur. */
export function checked(client: AliyunClient, page: Page): AliyunClient {
  return {
    ...client,
    async call(action, parameters, options = {}) {
      const answer = await client.call(action, parameters, options);
      const operation = findOperation(options.version ?? services.ecs.version, action);
      const error = answer.body as Partial<AliyunError>;
      if (operation === undefined || !error.Code) return answer;
      const said = `${answer.status} ${error.Code}: ${error.Message}`;
      const isPublished = rowsOf(operation).some(
        (row) =>
          `${row.status} ${row.code}` === `${answer.status} ${error.Code}` &&
          wordingOf(row, page).test(error.Message ?? ''),
      );
      expect(isPublished, `${action} has no row for ${said}`).toBe(true);
      return answer;
    },
  };
}

/** The action's own, those of its parameters, and those that every action can meet. */
function rowsOf({ faults, parameters }: Operation): Fault[] {
  const ofParameters = Object.values(parameters).flatMap((parameter) => parameter.faults);
  const rows = [...Object.values(faults), ...ofParameters, ...Object.values(commonFaults)];
  return rows.filter((row) => 'when' in row);
}
