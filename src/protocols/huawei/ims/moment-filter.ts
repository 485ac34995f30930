/** `created_at` and `updated_at` as lists can ask for them: `gte:2018-09-06T14:03:27Z`. */
import { type MomentFilter, momentOps } from '../../../domain/image-query.ts';
import { FaultError } from '../../shared/faults.ts';
import { type Parameter, text } from '../../shared/parameters.ts';
import { toSecond } from '../../shared/times.ts';
import type { Fault } from '../fault.ts';

const pattern = new RegExp(`^(?:(${momentOps.join('|')}):)?(\\d{4}-\\d\\d-\\d\\d)[T ](\\d\\d:\\d\\d:\\d\\d)Z?$`);

/** Without an operator: at that time. */
export function momentFilter(fault: Fault): Parameter<MomentFilter | undefined> {
  return {
    ...text({
      rule: `one of ${momentOps.join(', ')}, a colon and a time in UTC: 2018-09-06T14:03:27Z or 2018-09-06 14:03:27`,
      fault,
    }),
    read(value, name) {
      if (value === undefined || value === null || value === '') return undefined;
      const [, op = 'eq', day, time] = pattern.exec(String(value)) ?? [];
      const moment = `${day}T${time}Z`;
      const at = Date.parse(moment);
      // 31 February can be parsed, but is written otherwise.
      if (Number.isNaN(at) || toSecond(at) !== moment) throw new FaultError(fault, name);
      return { op: op as MomentFilter['op'], at };
    },
  };
}
