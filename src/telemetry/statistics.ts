/** What is said of the whole installation. `src/db/statistics.ts` reads it, `installation-metrics.ts` shows it. */

export interface CopyStatistics {
  /** Of the accounts with the most copies; what the others have is under `other`. */
  readonly byAccount: readonly { readonly account: string; readonly state: string; readonly count: number }[];
  /** Since the installation was made. */
  readonly movedBytes: number;
  readonly deduplicatedBytes: number;
}

export interface StoreStatistics {
  readonly region: string;
  readonly packs: readonly { readonly state: string; readonly count: number; readonly size: number }[];
  readonly images: readonly { readonly state: string; readonly count: number }[];
}

/** What is waiting or under way. */
export interface WorkStatistics {
  readonly regions: readonly {
    readonly region: string;
    /** Copies that are to come here. */
    readonly waiting: number;
    readonly oldestSeconds: number;
    readonly uploads: number;
  }[];
  /** To webhooks. */
  readonly deliveries: number;
  readonly overdueSeconds: number;
}

/** A part is null when it could not be read. */
export interface InstallationStatistics {
  readonly copies: CopyStatistics | null;
  readonly stores: readonly StoreStatistics[] | null;
  readonly work: WorkStatistics | null;
}
