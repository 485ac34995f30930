/** Accounts and what belongs to them besides images: plain data, in the words of design §3. */
import type { Role } from './principal.ts';

export interface Account {
  readonly id: string;
  readonly name: string;
  /** Sixteen digits; what others share images with. Alibaba's UID. */
  readonly number: number;
  /** Its owners run the installation. */
  readonly administers: boolean;
  /** Epoch milliseconds, as all times here. */
  readonly createdAt: number;
  /** Null while it is enabled. A disabled account's keys, tokens and queued copies are refused. */
  readonly disabledAt: number | null;
}

export interface User {
  readonly id: string;
  readonly accountId: string;
  /** Unique in the account. */
  readonly name: string;
  readonly role: Role;
  readonly createdAt: number;
  readonly disabledAt: number | null;
  /** Dialects whose clients log in by one let the user in by it. */
  readonly hasPassword: boolean;
}

/** What can be told of an access key; its secret is told once, when it is made. */
export interface AccessKey {
  /** 20 capital letters and digits, beginning with `MK`. */
  readonly id: string;
  readonly userId: string;
  readonly description: string;
  readonly createdAt: number;
  readonly disabledAt: number | null;
  /** Set by a rotation: until then the old key works beside the new one. */
  readonly expiresAt: number | null;
  /** Accurate to a minute. */
  readonly lastUsedAt: number | null;
}

/** An account's part of one region; each account has one in each region that is named after it. */
export interface Project {
  readonly id: string;
  readonly accountId: string;
  readonly region: string;
  readonly name: string;
  readonly description: string;
  readonly isDefault: boolean;
  readonly createdAt: number;
}

export interface AgencyGrant {
  /** Null: every project of the account. */
  readonly projectId: string | null;
  readonly role: Role;
  /** What a dialect calls what it granted; '' by default. */
  readonly title?: string;
  /** Of services that lie in no region: kept to be shown, it grants nothing here. */
  readonly isGlobal?: boolean;
}

/** A named delegation: whoever is trusted may act in the account, as far as the grants go. */
export interface Agency {
  readonly id: string;
  readonly accountId: string;
  /** Unique in the account. */
  readonly name: string;
  readonly description: string;
  /** Null: the image service itself, for copies that reach into another project. */
  readonly trustedAccountId: string | null;
  readonly grants: readonly AgencyGrant[];
  readonly createdAt: number;
  /** Null: for ever. */
  readonly expiresAt: number | null;
}

/** Alibaba's resource group, Huawei's enterprise project. */
export interface ResourceGroup {
  readonly id: string;
  /** `rg-` and 15 lower-case letters or digits. */
  readonly aliyunId: string;
  readonly accountId: string;
  readonly name: string;
  readonly description: string;
  readonly createdAt: number;
  readonly disabledAt: number | null;
}

/** A bearer token, or temporary credentials where there is an access key; what can be told of it. */
export interface Session {
  readonly id: string;
  /** Where it acts: the user's account, or the one whose agency it took. */
  readonly accountId: string;
  readonly name: string;
  /** At most this, whatever the user may do. */
  readonly role: Role;
  /** Null: the bearer of the installation's token made it. */
  readonly userId: string | null;
  readonly userName: string | null;
  /** Name of the agency that it acts by. */
  readonly agency: string | null;
  /** What its requests mean that name no project; null: nothing was said. */
  readonly projectId: string | null;
  /** 20 capital letters and digits, beginning with `MT`; null for a bearer token. */
  readonly accessKeyId: string | null;
  readonly createdAt: number;
  readonly expiresAt: number;
}
