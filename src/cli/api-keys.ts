/** What the native API says of keys (docs/native-api.md): the JSON, field for field. */
import type { KeyOrigin, KeyService, KeyState } from '../domain/key.ts';

export interface ApiKey {
  readonly id: string;
  readonly region: string;
  readonly state: KeyState;
  readonly origin: KeyOrigin;
  readonly description: string;
  readonly isDefault: boolean;
  readonly version: number;
  readonly aliases: readonly string[];
  readonly grants: readonly KeyService[];
  readonly createdAt: string;
  readonly deletionAt: string | null;
}

export interface ApiRewrapped {
  readonly key: ApiKey;
  readonly dataKeys: number;
}

export interface ApiKeyVersion {
  readonly version: number;
  readonly createdAt: string;
}

export interface ApiKeyAlias {
  readonly name: string;
  readonly region: string;
  readonly key: string;
  readonly createdAt: string;
}
