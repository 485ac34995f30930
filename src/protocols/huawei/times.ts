/** Times as answers write them, in UTC, where they are not to the second. */

/** Of jobs: `2019-11-15T06:07:05.123Z`. */
export function jobTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

/** Of IAM's tokens and keys, to the microsecond: `2020-01-08T06:25:19.014000Z`. */
export function identityTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('Z', '000Z');
}

/** Of agencies, which leave out that it is UTC: `2017-01-06T05:56:09.738000`. */
export function agencyTime(epochMs: number): string {
  return identityTime(epochMs).slice(0, -1);
}
