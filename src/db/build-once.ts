import type { Compilable, CompiledQuery } from 'kysely';
import type { Db, Trx } from './database.ts';

/** Stands for a value in a query that is built before there are any. */
class Placeholder {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

const placeholders = new Proxy({}, { get: (_target, name) => new Placeholder(String(name)) });

/**
 * A query that is built once for all the times that it is asked. For what every request asks: building the text of an image's
 * query takes the event loop as long as PostgreSQL takes to answer it. `build` is given placeholders: it hands them on, and
 * must not look at them.
 */
export function buildOnce<Values extends object, Row>(
  build: (db: Db | Trx, values: Values) => Compilable<Row>,
): (db: Db | Trx, values: Values) => Promise<Row[]> {
  let built: CompiledQuery<Row> | undefined;
  return async (db, values) => {
    built ??= build(db, placeholders as Values).compile();
    const parameters = built.parameters.map((parameter) =>
      parameter instanceof Placeholder ? values[parameter.name as keyof Values] : parameter,
    );
    const { rows } = await db.executeQuery<Row>({ ...built, parameters });
    return rows;
  };
}
