/** Who takes one, and how many they may have at once. */
export interface Share {
  readonly holder: string;
  readonly most: number;
}

/** Counts what is going on at once. */
export interface Slots {
  /**
   * Takes one for every one of the shares, or for none and returns undefined if one of them is used up. What it returns gives
   * it back, and does nothing when it is called again.
   */
  take(...shares: readonly Share[]): (() => void) | undefined;
}

export function createSlots(): Slots {
  const taken = new Map<string, number>();
  function give({ holder }: Share): void {
    const left = (taken.get(holder) ?? 0) - 1;
    if (left > 0) taken.set(holder, left);
    else taken.delete(holder);
  }
  return {
    take(...shares) {
      if (shares.some(({ holder, most }) => (taken.get(holder) ?? 0) >= most)) return undefined;
      for (const { holder } of shares) taken.set(holder, (taken.get(holder) ?? 0) + 1);
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        shares.forEach(give);
      };
    },
  };
}
