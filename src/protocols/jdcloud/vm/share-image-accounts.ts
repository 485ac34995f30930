/** The accounts that shareImage and unShareImage take, and the rows that both tables have. */
import type { Caller } from '../../../app/context.ts';
import { FaultError, type Occurring } from '../../shared/faults.ts';
import type { Parameter, Read } from '../../shared/parameters.ts';
import { commonFaults } from '../common-faults.ts';
import type { Faults } from '../fault.ts';
import { imageFaults } from '../image-faults.ts';
import { newerOnly, type Page } from '../page.ts';
import { text, texts } from '../parameters.ts';

/** As many as an image is shared with at most, by the API's own text. */
export const mostAccounts = 20;

export const accountFaults = {
  imageNotFound: imageFaults.imageNotFound,
  notUsable: imageFaults.notUsable,
  pinInvalid: {
    status: 400,
    code: 'FAILED_PRECONDITION',
    message: "Invalid pin '%s'",
    when: "it is the caller's own account, or no account's name, number or id looks so",
  },
  pinNotFound: {
    status: 400,
    code: 'FAILED_PRECONDITION',
    message: "Pin '%s' not found",
    when: 'there is no such account, or, if the image is to be shared with it, it is disabled',
  },
} as const satisfies Faults;

const { parameterInvalid, parameterMissing } = commonFaults;
const { pinInvalid } = accountFaults;

const accountText = text({ rule: "an account's name, number or id" });

const account: Parameter<string | undefined> = {
  ...accountText,
  faults: [parameterInvalid, pinInvalid],
  read(value, name) {
    const pin = accountText.read(value, name);
    // Sixteen digits and UUIDs are of such characters as well.
    if (pin !== undefined && !/^[a-z0-9-]{2,63}$/.test(pin)) throw new FaultError(pinInvalid, pin);
    return pin;
  },
};

export function accountParameters(tooMany: Occurring) {
  const accounts = texts(account, mostAccounts, tooMany);
  return { pins: accounts, loginNames: newerOnly(accounts) };
}

type Asked = Read<ReturnType<typeof accountParameters>>;

/** An account has one name here: it does not matter by which of the two parameters it is named. */
export function accountsOf({ pins = [], loginNames }: Asked, caller: Caller, page: Page): readonly string[] {
  const accounts = [...new Set([...pins, ...(loginNames(page) ?? [])])];
  if (accounts.length === 0) throw new FaultError(parameterMissing, 'pins');
  const { accountId, accountName, accountNumber } = caller;
  const own = accounts.find((pin) => [accountId, accountName, String(accountNumber)].includes(pin));
  if (own !== undefined) throw new FaultError(pinInvalid, own);
  return accounts;
}
