import { Option } from 'commander';
import { defaultRetries } from '../go-on.ts';
import { wholeNumber } from './values.ts';

/** For commands that move a disk's bytes. */
export function retriesOption(): Option {
  const what = 'times in a row to try to go on after the connection broke off';
  return new Option('--retries <n>', what).default(defaultRetries).argParser(wholeNumber);
}
