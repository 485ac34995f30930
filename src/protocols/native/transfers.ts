import type { Caller } from '../../app/context.ts';
import { createSlots } from '../../lib/slots.ts';
import { protocolError } from './protocol-error.ts';

/** What uploads and downloads of content have in common. */
export interface Transfers {
  /** Begins one for the caller, or refuses it as `transfers.busy`; what it returns ends it. */
  readonly begin: (caller: Caller) => () => void;
  /** One that moves no byte for so long is cut off. */
  readonly idleMs: number;
}

/** At most `atOnce` of the server, and half of them of one account: each takes memory for as long as it lasts. */
export function createTransfers(atOnce: number, idleMs: number): Transfers {
  const slots = createSlots();
  return {
    idleMs,
    begin({ accountId }) {
      const end = slots.take({ holder: 'server', most: atOnce }, { holder: accountId, most: Math.ceil(atOnce / 2) });
      if (end === undefined) throw protocolError('transfers.busy', {}, { 'retry-after': '10' });
      return end;
    },
  };
}
