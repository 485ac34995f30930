/** What ListKeys is to leave out: a list of pairs in JSON, each of which a key has to fit. */
import type { Caller } from '../../../app/context.ts';
import type { Key } from '../../../domain/key.ts';
import { FaultError } from '../../shared/faults.ts';
import { isObject, type Parameter } from '../../shared/parameters.ts';
import { commonFaults } from '../common-faults.ts';
import { parseJson } from '../json-text.ts';
import { text } from '../parameters.ts';
import { viewKey } from './key-view.ts';

const traits = ['KeyState', 'KeySpec', 'KeyUsage', 'ProtectionLevel', 'CreatorType', 'DKMSInstanceId'] as const;
const most = 10;

interface KeyFilter {
  readonly Key: (typeof traits)[number];
  /** Any of these; all, where there are none. */
  readonly Values: readonly string[];
}

const json = text({
  rule: `a JSON array of at most ${most} objects: Key is one of ${traits.join(', ')}, Values at most ${most} texts`,
  fault: commonFaults.invalidParameter,
});

export const keyFilters: Parameter<readonly KeyFilter[]> = {
  ...json,
  read(value, name) {
    const filters = parseJson(json.read(value, name) ?? '[]');
    if (!isShortList(filters) || !filters.every(isFilter)) throw new FaultError(commonFaults.invalidParameter, name);
    return filters;
  },
};

function isShortList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length <= most;
}

function isFilter(value: unknown): value is KeyFilter {
  if (!isObject(value)) return false;
  const { Key, Values } = value;
  const isTrait = traits.some((trait) => trait === Key);
  return isTrait && isShortList(Values) && Values.every((each) => typeof each === 'string');
}

export function fits(caller: Caller, key: Key, filters: readonly KeyFilter[]): boolean {
  // A region's default key is the service's own; there are no instances that keys could lie in.
  const shown = {
    ...viewKey(caller, key, undefined),
    CreatorType: key.isDefault ? 'Service' : 'User',
    DKMSInstanceId: '',
  };
  return filters.every(({ Key, Values }) => Values.length === 0 || Values.includes(shown[Key]));
}
