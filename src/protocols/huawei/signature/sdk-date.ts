const pattern = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

/** Epoch milliseconds of an `X-Sdk-Date`, `20260101T000000Z`; undefined if it is none. */
export function readSdkDate(text: string): number | undefined {
  if (!pattern.test(text)) return undefined;
  const iso = text.replace(pattern, '$1-$2-$3T$4:$5:$6.000Z');
  const time = Date.parse(iso);
  // Date takes the 30th of February for the 2nd of March.
  return Number.isNaN(time) || new Date(time).toISOString() !== iso ? undefined : time;
}

export function formatSdkDate(time: number): string {
  return new Date(time).toISOString().replaceAll(/[-:]|\.\d+/g, '');
}
