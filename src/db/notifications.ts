/** LISTEN on a connection of its own, made again when it is lost. What was missed in between is missed: poll as well. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import pg from 'pg';
import type { DatabaseAddress, Trx } from './database.ts';

/** On it a cancelled copy's id is sent, for the worker that is in the middle of it. */
export const copyCancelled = 'mimeo_copy_cancelled';

/** Sends when the transaction commits. */
export async function notify(trx: Trx, channel: string, payload: string): Promise<void> {
  await sql`SELECT pg_notify(${channel}, ${payload})`.execute(trx);
}

export interface Listener {
  close(): Promise<void>;
}

const reconnectDelay = 1000;

/** Calls `onPayload` for each notification; `channel` must be a plain lower-case name. `onError` hears of lost connections. */
export async function listen(
  address: DatabaseAddress,
  channel: string,
  onPayload: (payload: string) => void,
  onError: (error: Error) => void,
): Promise<Listener> {
  const closing = new AbortController();
  let client: pg.Client | undefined;

  async function connect(): Promise<void> {
    const connecting = new pg.Client({ ...address, application_name: 'mimeo listener', keepAlive: true });
    connecting.on('notification', ({ payload }) => onPayload(payload ?? ''));
    connecting.on('error', onError);
    // One that was never made has an end as well; whoever wanted it hears of that by the error.
    connecting.once('end', () => client === connecting && void reconnect());
    try {
      await connecting.connect();
      await connecting.query(`LISTEN ${channel}`);
      closing.signal.throwIfAborted();
    } catch (error) {
      await connecting.end();
      throw error;
    }
    client = connecting;
  }

  async function reconnect(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        await sleep(reconnectDelay, undefined, { signal: closing.signal });
        await connect();
        return;
      } catch (error) {
        if (!closing.signal.aborted) onError(error as Error);
      }
    }
  }

  await connect();
  return {
    async close() {
      closing.abort();
      await client?.end();
    },
  };
}
