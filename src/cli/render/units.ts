const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `1.5 GiB`: below 1024 of a unit, with one decimal below 100 unless it is a zero. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 1023.5 would be written as 1024.
  while (value >= 1023.5 && unit < byteUnits.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits).replace('.0', '')} ${byteUnits[unit]}`;
}

/** A dash for what is not told. */
export function formatBytesOrDash(bytes: number | null): string {
  return bytes === null ? '-' : formatBytes(bytes);
}

export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

const durationUnits = [
  { name: 'd', seconds: 86_400 },
  { name: 'h', seconds: 3600 },
  { name: 'min', seconds: 60 },
  { name: 's', seconds: 1 },
] as const;

/** `2 h 5 min`: the two largest units that are not zero, whole seconds at the least. */
export function formatDuration(seconds: number): string {
  let left = Math.round(seconds);
  const parts: string[] = [];
  for (const unit of durationUnits) {
    const count = Math.floor(left / unit.seconds);
    left -= count * unit.seconds;
    if (count > 0) parts.push(`${count} ${unit.name}`);
    // The unit after the largest is the last one shown, even if it is zero.
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.length === 0 ? '0 s' : parts.join(' ');
}

/** The same to the second, for what happens in a row. */
export function formatMoment(time: string): string {
  return `${time.slice(0, 10)} ${time.slice(11, 19)} UTC`;
}

/** `2026-11-21 10:22 UTC` from ISO 8601; a dash when there is none. */
export function formatTime(time: string | null): string {
  return time === null ? '-' : `${time.slice(0, 10)} ${time.slice(11, 16)} UTC`;
}

export function yesOrNo(value: boolean): string {
  return value ? 'yes' : 'no';
}
