/** Who sees an image besides its owner. */

/** An account that an image is shared with has been asked, or has answered. */
export const memberStatuses = ['pending', 'accepted', 'rejected'] as const;
export type MemberStatus = (typeof memberStatuses)[number];

/** What an image is to the account that uses it: its own, shared with it (and accepted), or everybody's. */
export type SourceOwner = 'own' | 'shared' | 'public';

export interface ImageMember {
  readonly imageId: string;
  readonly accountId: string;
  readonly accountName: string;
  /** Sixteen digits. */
  readonly accountNumber: number;
  readonly status: MemberStatus;
  /** The project that the account was named by, for dialects that share with projects; null: by none. */
  readonly projectId: string | null;
  /** Epoch milliseconds, as below. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Unless a dialect says otherwise: as many as Huawei has. */
export const maxMembers = 128;
