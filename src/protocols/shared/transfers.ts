import { createSlots } from '../../lib/slots.ts';

/** What uploads and downloads of content have in common, whichever protocol they come by. */
export interface Transfers {
  /** Begins one of the account, unless too many are going on; what it returns ends it. */
  readonly begin: (accountId: string) => (() => void) | undefined;
  /** One that moves no byte for so long is cut off. */
  readonly idleMs: number;
}

/** At most `atOnce` of the server, and half of them of one account: each takes memory for as long as it lasts. */
export function createTransfers(atOnce: number, idleMs: number): Transfers {
  const slots = createSlots();
  return {
    idleMs,
    begin: (accountId) =>
      slots.take({ holder: 'server', most: atOnce }, { holder: accountId, most: Math.ceil(atOnce / 2) }),
  };
}
