import { readFile } from 'node:fs/promises';
import { sql } from 'kysely';
import pg from 'pg';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dumpSchema } from '../../scripts/schema-dump.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase({ connections: 1 });
});
afterAll(() => database.close());

it('is the one in docs/schema.txt (npm run schema:dump)', async () => {
  const client = new pg.Client(database.address);
  await client.connect();
  const dump = await dumpSchema(client).finally(() => client.end());
  expect(dump).toBe(await readFile(new URL('../../docs/schema.txt', import.meta.url), 'utf8'));
});

/** A column as both sides can tell it. */
interface Column {
  readonly type: string;
  readonly nullable: boolean;
  /** Who gives the value when an INSERT does not: nobody, the database if it has to, or only the database. */
  readonly generated: 'never' | 'by-default' | 'always';
}

type Tables = Record<string, Record<string, Column>>;

describe('src/db/schema.ts', () => {
  it('tells of every table and column what the database does', async () => {
    const [declared, actual] = await Promise.all([readDeclared(), readActual()]);
    expect(Object.keys(declared)).toHaveLength(36);
    expect(declared).toEqual(actual);
  });
});

const jsTypes: Readonly<Record<string, string>> = {
  uuid: 'string',
  text: 'string',
  smallint: 'number',
  integer: 'number',
  bigint: 'number',
  boolean: 'boolean',
  bytea: 'Buffer',
  jsonb: 'json',
  xid8: 'string',
  ARRAY: 'string[]',
};

async function readActual(): Promise<Tables> {
  const { rows } = await sql<{
    table: string;
    column: string;
    type: string;
    nullable: boolean;
    always: boolean;
    byDefault: boolean;
  }>`
    SELECT table_name AS table, column_name AS column, data_type AS type, is_nullable = 'YES' AS nullable,
           identity_generation IS NOT NULL OR is_generated = 'ALWAYS' AS always,
           column_default IS NOT NULL AS "byDefault"
    FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name NOT LIKE 'kysely%'`.execute(database.db);
  const tables: Tables = {};
  for (const { table, column, type, nullable, always, byDefault } of rows) {
    const generated = always ? 'always' : byDefault ? 'by-default' : 'never';
    // What is computed is as nullable as what it is computed from; PostgreSQL does not follow that.
    const described = { type: jsTypes[type] ?? type, nullable: nullable && !always, generated } as const;
    tables[table] = { ...tables[table], [column]: described };
  }
  return tables;
}

/** The interfaces, read as text: at run time there are no types any more. */
async function readDeclared(): Promise<Tables> {
  const paths = ['./schema.ts', './keys/schema.ts'].map((path) => new URL(path, import.meta.url));
  const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8')));
  const nodes = texts.flatMap((text) => [
    ...ts.createSourceFile('schema.ts', text, ts.ScriptTarget.Latest, true).statements,
  ]);
  const interfaces = new Map(
    nodes.filter(ts.isInterfaceDeclaration).map((node) => [node.name.text, node.members] as const),
  );
  const tables: Tables = {};
  for (const table of membersOf(interfaces.get('Database'))) {
    const columns = ts.isTypeLiteralNode(table.type) ? table.type.members : interfaces.get(table.type.getText());
    tables[table.name] = Object.fromEntries(membersOf(columns).map(({ name, type }) => [name, toColumn(type)]));
  }
  return tables;
}

function membersOf(members: ts.NodeArray<ts.TypeElement> | undefined): { name: string; type: ts.TypeNode }[] {
  return [...(members ?? [])].filter(ts.isPropertySignature).map((member) => {
    if (member.type === undefined) throw new Error(`${member.getText()} has no type`);
    return { name: member.name.getText(), type: member.type };
  });
}

function toColumn(type: ts.TypeNode): Column {
  if (ts.isTypeReferenceNode(type) && type.typeArguments !== undefined) {
    const [inner, insert] = type.typeArguments;
    if (type.typeName.getText() === 'ColumnType') {
      // JSON goes in as text and comes out as what it says.
      const generated = insert?.getText().includes('undefined') ? 'by-default' : 'never';
      return { type: 'json', nullable: inner?.getText().endsWith('| null') ?? false, generated };
    }
    const generated = type.typeName.getText() === 'GeneratedAlways' ? 'always' : 'by-default';
    return { ...toColumn(inner as ts.TypeNode), generated };
  }
  const parts = (ts.isUnionTypeNode(type) ? [...type.types] : [type]).map((part) => part.getText());
  const known = parts.filter((part) => part !== 'null').map((part) => (part === 'true' ? 'boolean' : part));
  // What is none of these is a union of words.
  const word = known.every((part) => !['number', 'boolean', 'Buffer', 'string[]'].includes(part));
  return { type: word ? 'string' : known.join(' | '), nullable: parts.includes('null'), generated: 'never' };
}
