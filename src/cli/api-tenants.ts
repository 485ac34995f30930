/** What the native API says of accounts and what belongs to them (docs/native-api.md): the JSON, field for field. */

import type { Role } from '../domain/principal.ts';
import type { QuotaKind } from '../domain/quota.ts';
import type { MemberStatus } from '../domain/sharing.ts';
import type { ApiAccountName, ApiImage } from './api.ts';

export interface ApiWhoami {
  readonly kind: string;
  readonly account: ApiAccountName;
  readonly administers: boolean;
  readonly role: Role;
  readonly user: string | null;
  readonly accessKey: string | null;
  readonly agency: string | null;
}

export interface ApiAccount extends ApiAccountName {
  readonly administers: boolean;
  readonly createdAt: string;
  readonly disabled: boolean;
}

/** What is shown once, when it is made. */
export interface ApiSecret {
  readonly id: string;
  readonly secret: string;
}

export interface ApiNewAccount {
  readonly account: ApiAccount;
  readonly owner: ApiUser;
  readonly accessKey: ApiSecret;
}

export interface ApiUser {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly createdAt: string;
  readonly disabled: boolean;
  readonly hasPassword: boolean;
}

export interface ApiAccessKey {
  readonly id: string;
  readonly userId: string;
  readonly description: string;
  readonly createdAt: string;
  readonly disabled: boolean;
  readonly expiresAt: string | null;
  readonly lastUsedAt: string | null;
}

export interface ApiSession {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly user: string | null;
  readonly agency: string | null;
  readonly accessKeyId: string | null;
  readonly createdAt: string;
  readonly expiresAt: string;
}

export interface ApiNewSession extends ApiSession {
  readonly token: string;
  readonly accessKey?: ApiSecret;
}

export interface ApiProject {
  readonly id: string;
  readonly region: string;
  readonly name: string;
  readonly description: string;
  readonly isDefault: boolean;
  readonly createdAt: string;
}

export interface ApiGrant {
  /** Null: every project of the account. */
  readonly projectId: string | null;
  readonly role: Role;
  /** What a dialect calls it. */
  readonly title: string;
  /** It grants nothing here. */
  readonly isGlobal: boolean;
}

export interface ApiAgency {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** Null: the image service. */
  readonly trustedAccountId: string | null;
  readonly grants: readonly ApiGrant[];
  readonly createdAt: string;
  readonly expiresAt: string | null;
}

export interface ApiResourceGroup {
  readonly id: string;
  readonly aliyunId: string;
  readonly name: string;
  readonly description: string;
  readonly createdAt: string;
  readonly disabled: boolean;
}

export type ApiQuotas = { readonly region: string } & {
  readonly [Kind in QuotaKind]: { readonly used: number; readonly limit: number };
};

export interface ApiMember {
  readonly imageId: string;
  readonly account: ApiAccountName;
  readonly status: MemberStatus;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface ApiShare {
  readonly image: ApiImage;
  readonly status: MemberStatus;
  readonly createdAt: string;
  readonly updatedAt: string;
}
