/** The rows of projects: an account's parts of a region, one of which is named after it. */
import { type SqlBool, sql } from 'kysely';
import { isUuid } from '../../domain/ids.ts';
import type { Project } from '../../domain/tenants.ts';
import { buildOnce } from '../build-once.ts';
import { breaksConstraint, type Db, type Trx } from '../database.ts';
import type { PageRequest } from '../paging.ts';

function selectProjects(db: Db | Trx, accountId: string) {
  return selectAllProjects(db).where('projects.account', '=', accountId);
}

function selectAllProjects(db: Db | Trx) {
  return db
    .selectFrom('projects')
    .innerJoin('regions', 'regions.number', 'projects.region')
    .select([
      'projects.id',
      'projects.account as accountId',
      'regions.id as region',
      'projects.name',
      'projects.description',
      'projects.is_default as isDefault',
      'projects.created_at as createdAt',
    ]);
}

/** The project of this id, whosever it is. */
export async function readAnyProject(db: Db | Trx, id: string): Promise<Project | undefined> {
  return await selectAllProjects(db).where('projects.id', '=', id).executeTakeFirst();
}

/** The accounts' projects that are named after the region. */
export async function readDefaultProjects(
  db: Db | Trx,
  accountIds: readonly string[],
  region: string,
): Promise<Project[]> {
  return await selectAllProjects(db)
    .where(sql<SqlBool>`projects.account = any(${accountIds}::uuid[])`)
    .where('regions.id', '=', region)
    .where('is_default', '=', true)
    .execute();
}

/**
 * The account's project of this id or name, which cannot be deleted until the transaction ends. Regions may have projects of
 * the same name: without a region only a name that one project alone has will do.
 */
export async function findProject(
  db: Db | Trx,
  accountId: string,
  idOrName: string,
  region?: string,
): Promise<Project | undefined> {
  let query = selectNamed(db, accountId, idOrName);
  if (region !== undefined) query = query.where('regions.id', '=', region);
  return only(await query.forKeyShare('projects').execute());
}

/** As {@link findProject}, and nobody else changes it until the transaction ends. */
export async function lockProject(trx: Trx, accountId: string, idOrName: string): Promise<Project | undefined> {
  return only(await selectNamed(trx, accountId, idOrName).forNoKeyUpdate('projects').execute());
}

function selectNamed(db: Db | Trx, accountId: string, idOrName: string) {
  const column = isUuid(idOrName) ? 'projects.id' : 'projects.name';
  return selectProjects(db, accountId).where(column, '=', idOrName).limit(2);
}

function only<Item>(items: readonly Item[]): Item | undefined {
  return items.length === 1 ? items[0] : undefined;
}

/** The project that is named after the region; every account has one in each. */
export async function findDefaultProject(db: Db | Trx, accountId: string, region: string): Promise<Project> {
  const project = await readDefaultProject(db, accountId, region);
  if (project === undefined) throw new Error(`account ${accountId} has no default project in region ${region}`);
  return project;
}

/** As {@link findDefaultProject}; undefined where the region is none of the installation. */
export async function readDefaultProject(
  db: Db | Trx,
  accountId: string,
  region: string,
): Promise<Project | undefined> {
  return (await selectDefaultProject(db, { accountId, region }))[0];
}

const selectDefaultProject = buildOnce(
  (db, { accountId, region }: { readonly accountId: string; readonly region: string }) =>
    selectProjects(db, accountId).where('regions.id', '=', region).where('is_default', '=', true),
);

/** The account's project of this id. */
export async function readProject(db: Db | Trx, accountId: string, id: string): Promise<Project | undefined> {
  return (await selectProjectById(db, { accountId, id }))[0];
}

const selectProjectById = buildOnce((db, { accountId, id }: { readonly accountId: string; readonly id: string }) =>
  selectProjects(db, accountId).where('projects.id', '=', id),
);

export interface ProjectFilter extends PageRequest {
  readonly region?: string | undefined;
  /** Only these. */
  readonly ids?: readonly string[] | undefined;
}

/** By name, so that the default ones stand in the order of their regions. */
export async function listProjects(db: Db, accountId: string, filter: ProjectFilter): Promise<Project[]> {
  let query = selectProjects(db, accountId);
  const { region, ids, after } = filter;
  if (region !== undefined) query = query.where('regions.id', '=', region);
  if (ids !== undefined) query = query.where(sql<SqlBool>`projects.id = any(${ids}::uuid[])`);
  if (after !== undefined) {
    query = query.where(sql<SqlBool>`(projects.name, projects.id) > (${after.value}, ${after.id}::uuid)`);
  }
  return await query.orderBy('projects.name').orderBy('projects.id').limit(filter.limit).execute();
}

/** False when the account has one of this name in the region. */
export async function insertProject(trx: Trx, project: Project): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('projects')
    .values(({ selectFrom }) => ({
      id: project.id,
      account: project.accountId,
      region: selectFrom('regions').select('number').where('id', '=', project.region),
      name: project.name,
      description: project.description,
      is_default: project.isDefault,
      created_at: project.createdAt,
    }))
    .onConflict((conflict) => conflict.columns(['account', 'region', 'name']).doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

/** False when another project of the region has the name. */
export async function updateProject(
  trx: Trx,
  id: string,
  changes: { readonly name: string; readonly description: string },
): Promise<boolean> {
  try {
    await trx.updateTable('projects').set(changes).where('id', '=', id).execute();
    return true;
  } catch (error) {
    if (breaksConstraint(error, 'projects_account_region_name_key')) return false;
    throw error;
  }
}

/** False when the project has images or snapshots. */
export async function deleteProject(trx: Trx, id: string): Promise<boolean> {
  try {
    const { numDeletedRows } = await trx.deleteFrom('projects').where('id', '=', id).executeTakeFirst();
    return numDeletedRows === 1n;
  } catch (error) {
    const users = ['images_project_fkey', 'snapshots_project_fkey'];
    if (users.some((each) => breaksConstraint(error, each))) return false;
    throw error;
  }
}

/** Pairs that one statement makes projects for. */
const batch = 1000;

/**
 * Makes the default projects that are missing, of one account or of all: for a new account, and for regions that were added to
 * the configuration.
 */
export async function ensureProjects(
  db: Db | Trx,
  newId: () => string,
  now: number,
  accountId: string | null = null,
): Promise<void> {
  for (;;) {
    const { rows } = await sql<{ account: string; region: number }>`
      SELECT a.id AS account, r.number AS region FROM accounts a CROSS JOIN regions r
      WHERE (${accountId}::uuid IS NULL OR a.id = ${accountId}) AND NOT EXISTS (
        SELECT FROM projects p WHERE p.account = a.id AND p.region = r.number AND p.is_default)
      LIMIT ${batch}`.execute(db);
    await sql`
      INSERT INTO projects (id, account, region, name, is_default, created_at)
      SELECT missing.id, missing.account, r.number, r.id, true, ${now}
      FROM unnest(${rows.map(() => newId())}::uuid[], ${rows.map(({ account }) => account)}::uuid[],
                  ${rows.map(({ region }) => region)}::smallint[]) AS missing (id, account, region)
      JOIN regions r ON r.number = missing.region
      ON CONFLICT (account, region) WHERE is_default DO NOTHING`.execute(db);
    if (rows.length < batch) return;
  }
}
