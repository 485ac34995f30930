import { setTimeout as sleep } from 'node:timers/promises';
import { BlobError, type BlobErrorKind, type BlobStore } from './blob-store.ts';

/** Happens before the call reaches the store. */
export type Fault = { readonly throws: BlobErrorKind } | { readonly delay: number };

export type PutFault =
  | Fault
  /** The medium takes this many bytes; a blob of more is `full`. */
  | { readonly fullAfter: number }
  /** The blob is stored, but the answer is lost: `retryable`. */
  | { readonly losesAnswer: true };

export type GetFault =
  | Fault
  /** The bit of the answer, counted from its first byte's lowest one, that is the other way round. */
  | { readonly flipsBit: number }
  /** The answer has only this many bytes. */
  | { readonly cutsTo: number };

/** What a method's calls meet: `call` counts from 1, each method for itself. Undefined: the call goes through unharmed. */
export type Script<Kind> = (call: number, key: string) => Kind | undefined;

export interface FaultScripts {
  readonly put?: Script<PutFault>;
  readonly get?: Script<GetFault>;
  readonly stat?: Script<Fault>;
  readonly list?: Script<Fault>;
  readonly remove?: Script<Fault>;
}

/** The fault for the calls that it is written down for: `{ 3: { throws: 'retryable' }, 4: { flipsBit: 0 } }`. */
export function onCalls<Kind>(faults: Readonly<Record<number, Kind>>): Script<Kind> {
  return (call) => faults[call];
}

/** `inner`, failing as the scripts say; for tests of what uses a store. */
export function faultyStore(inner: BlobStore, scripts: FaultScripts): BlobStore {
  const calls = { put: 0, get: 0, stat: 0, list: 0, remove: 0 };

  /** Counts the call and lets happen what comes before it; returns what is to happen to its result. */
  async function meet<Kind extends object>(
    method: keyof typeof calls,
    script: Script<Kind | Fault> | undefined,
    key: string,
    signal?: AbortSignal,
  ): Promise<Kind | undefined> {
    calls[method]++;
    const fault = script?.(calls[method], key);
    if (fault === undefined) return undefined;
    if ('throws' in fault) throw new BlobError(fault.throws, key);
    if (!('delay' in fault)) return fault;
    await sleep(fault.delay, undefined, { signal }).catch(() => signal?.throwIfAborted());
    return undefined;
  }

  return {
    async put(key, bytes, options) {
      const fault = await meet<Exclude<PutFault, Fault>>('put', scripts.put, key, options?.signal);
      const source = fault && 'fullAfter' in fault ? upTo(fault.fullAfter, key, bytes) : bytes;
      await inner.put(key, source, options);
      if (fault && 'losesAnswer' in fault) throw new BlobError('retryable', key);
    },

    async get(key, range, options) {
      const fault = await meet<Exclude<GetFault, Fault>>('get', scripts.get, key, options?.signal);
      const bytes = await inner.get(key, range, options);
      if (fault && 'cutsTo' in fault) return bytes.slice(0, fault.cutsTo);
      if (fault) flip(bytes, fault.flipsBit);
      return bytes;
    },

    async stat(key) {
      await meet('stat', scripts.stat, key);
      return inner.stat(key);
    },

    async *list(prefix) {
      await meet('list', scripts.list, prefix);
      yield* inner.list(prefix);
    },

    async remove(key) {
      await meet('remove', scripts.remove, key);
      return inner.remove(key);
    },
  };
}

async function* upTo(
  room: number,
  key: string,
  bytes: Uint8Array | AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let left = room;
  for await (const piece of bytes instanceof Uint8Array ? [bytes] : bytes) {
    yield piece.subarray(0, left);
    left -= piece.length;
    if (left < 0) throw new BlobError('full', key);
  }
}

function flip(bytes: Uint8Array, bit: number): void {
  const at = bit >> 3;
  if (at >= bytes.length)
    throw new Error(`The script flips bit ${bit} of an answer that has only ${bytes.length} bytes`);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit & 7));
}
