/** All of a database, searched for the secrets that this process knows. */
import type pg from 'pg';
import { deriveDataKeys } from '../../../src/kms/data-key.ts';
import { learnHashedTexts, searchSecrets } from './find-secrets.ts';
import { knownSecrets, learnSecret } from './known-secrets.ts';

interface Dump {
  readonly table: string;
  /** A row as JSON on each line; of a `bytea` in hexadecimal. */
  readonly rows: string;
}

/** What stands in plain sight, by table and column; nothing of the secrets themselves. */
export async function findSecretsInDatabase(client: pg.Client): Promise<string[]> {
  const dumps = await dump(client);
  const haystacks = dumps.map(({ rows }) => Buffer.from(rows));
  for (const haystack of haystacks) learnHashedTexts(haystack);
  learnDerivedKeys();
  const search = searchSecrets();
  const found = new Set<string>();
  for (const [index, { table, rows }] of dumps.entries()) {
    const inTable = search.in(haystacks[index] as Buffer);
    if (inTable.length === 0) continue;
    const inColumns = rows.split('\n').flatMap((row) => search.inJson(JSON.parse(row)));
    for (const finding of inColumns.length > 0 ? inColumns : inTable) found.add(`${table}.${finding}`);
  }
  return [...found];
}

const derived = 'what is made from a data key';

/** They are used on other threads, and not by node:crypto alone. Which of the secrets are data keys is not known. */
function learnDerivedKeys(): void {
  for (const { bytes, origin } of [...knownSecrets()]) {
    if (bytes.length !== 32 || origin === derived) continue;
    for (const key of Object.values(deriveDataKeys(bytes))) learnSecret(key, derived);
  }
}

/** One statement for everything. */
async function dump(client: pg.Client): Promise<Dump[]> {
  await client.query("SET statement_timeout = '20s'; SET jit = off");
  const { rows: tables } = await client.query<{ name: string }>(
    `SELECT format('%I.%I', nspname, relname) AS name FROM pg_class JOIN pg_namespace ON relnamespace = pg_namespace.oid
     WHERE relkind = 'r' AND nspname NOT IN ('pg_catalog', 'information_schema')`,
  );
  if (tables.length === 0) return [];
  const statements = tables.map(
    ({ name }) =>
      `SELECT ${client.escapeLiteral(name)} AS "table", string_agg(to_jsonb(t)::text, E'\\n') AS rows FROM ${name} t`,
  );
  const { rows } = await client.query<{ table: string; rows: string | null }>(statements.join(' UNION ALL '));
  return rows.flatMap(({ table, rows: text }) => (text === null ? [] : [{ table, rows: text }]));
}
