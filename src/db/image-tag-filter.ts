/** Which images a list has, by their tags; a part of `image-filter.ts`. */
import { type Expression, type RawBuilder, type SqlBool, sql } from 'kysely';
import type { TagChoice, TagSet } from '../domain/image-query.ts';

export interface ImageTagFilter {
  /** All of them; a null value stands for any. */
  readonly tags?: readonly { readonly key: string; readonly value: string | null }[] | undefined;
  /** All of them. */
  readonly tagSets?: readonly TagSet[] | undefined;
  /** Only those that have no tags. */
  readonly isUntagged?: boolean | undefined;
}

/** None where nothing is asked. */
export function tagConditions({ tags = [], tagSets = [], isUntagged = false }: ImageTagFilter): Expression<SqlBool>[] {
  const choices = tags.map(({ key, value }) => ({ key, values: value === null ? [] : [value] }));
  const sets = [{ match: 'all', choices } as const, ...tagSets].filter((set) => set.choices.length > 0);
  return [...sets.map(fitting), ...(isUntagged ? [sql<boolean>`NOT EXISTS (SELECT ${ofImage})`] : [])];
}

const ofImage = sql`FROM image_tags WHERE image_tags.image = images.id`;

/**
 * However many tags a set has, an image's are looked at once: of an EXISTS for each PostgreSQL makes as many joins, and 100 of
 * these take it 3.6 s to plan.
 */
function fitting({ match, choices, isNegated = false }: TagSet): Expression<SqlBool> {
  const met = sql.join(
    choices.map((choice) => sql`bool_or(${chosen(choice)})`),
    match === 'all' ? sql` AND ` : sql` OR `,
  );
  // Null of an image without tags.
  return sql<boolean>`(SELECT ${met} ${ofImage}) ${isNegated ? sql`IS NOT TRUE` : sql`IS TRUE`}`;
}

function chosen({ key, values }: TagChoice): RawBuilder<boolean> {
  const isKey = sql<boolean>`image_tags.key = ${key}`;
  return values.length === 0 ? isKey : sql<boolean>`${isKey} AND image_tags.value = any(${values}::text[])`;
}
