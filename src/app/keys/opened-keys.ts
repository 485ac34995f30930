/** Data keys that this process has opened, kept for a while so that not every read asks the key provider. */

export interface OpenedKeys {
  /** A copy, which its user may keep for as long as the work takes that it was asked for. */
  get(dataKey: string): Uint8Array | undefined;
  /** `key` wraps it. */
  put(dataKey: string, key: string, bytes: Uint8Array): void;
  /** Forgets all that the key wraps. */
  forgetKey(key: string): void;
  /** The keys that wrap what is kept. */
  keys(): string[];
}

/** At most `limit` of them: the one that was not asked for the longest goes first. What goes is overwritten. */
export function createOpenedKeys(limit = 1000): OpenedKeys {
  // A map is in the order in which its entries were set.
  const opened = new Map<string, { readonly key: string; readonly bytes: Uint8Array }>();

  function forget(dataKey: string): void {
    opened.get(dataKey)?.bytes.fill(0);
    opened.delete(dataKey);
  }

  return {
    get(dataKey) {
      const found = opened.get(dataKey);
      if (found === undefined) return undefined;
      opened.delete(dataKey);
      opened.set(dataKey, found);
      return Uint8Array.from(found.bytes);
    },
    put(dataKey, key, bytes) {
      forget(dataKey);
      opened.set(dataKey, { key, bytes: Uint8Array.from(bytes) });
      for (const oldest of opened.keys()) {
        if (opened.size <= limit) break;
        forget(oldest);
      }
    },
    forgetKey(key) {
      for (const [dataKey, found] of opened) if (found.key === key) forget(dataKey);
    },
    keys: () => [...new Set(Array.from(opened.values(), ({ key }) => key))],
  };
}
