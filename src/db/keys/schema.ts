/** The tables of keys, a part of `../schema.ts`. */
import type { ColumnType, Generated } from 'kysely';
import type { DiskContext, KeyOrigin, KeyService, KeyState } from '../../domain/key.ts';

export interface KeysTable {
  id: string;
  account: string;
  region: number;
  state: KeyState | 'deleted';
  origin: KeyOrigin;
  description: string;
  is_default: boolean;
  version: number;
  material_digest: Buffer | null;
  created_at: number;
  deletion_at: number | null;
  destroyed: Generated<boolean>;
}

export interface KeyVersionsTable {
  key: string;
  version: number;
  material: Buffer;
  created_at: number;
}

export interface KeyAliasesTable {
  account: string;
  region: number;
  name: string;
  key: string;
  created_at: number;
}

export interface KeyGrantsTable {
  key: string;
  service: KeyService;
  created_at: number;
}

export interface DataKeysTable {
  id: string;
  key: string;
  version: number;
  wrapped: Buffer;
  context: ColumnType<DiskContext, string, never>;
  created_at: number;
}
