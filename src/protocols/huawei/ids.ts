/** Huawei writes the ids of projects, accounts, users, agencies and jobs as 32 digits; images' are UUIDs as they are. */
import { isUuid } from '../../domain/ids.ts';

export function toHexId(uuid: string): string {
  return uuid.replaceAll('-', '');
}

/** The UUID; undefined for what is no id. */
export function fromHexId(id: string): string | undefined {
  if (!/^[0-9a-f]{32}$/i.test(id)) return undefined;
  const hex = id.toLowerCase();
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** The UUID of either form. */
export function readId(id: string): string | undefined {
  const lower = id.toLowerCase();
  return isUuid(lower) ? lower : fromHexId(lower);
}
