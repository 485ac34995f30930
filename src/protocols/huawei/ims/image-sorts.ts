import type { ImageSort } from '../../../domain/image-query.ts';

/** What lists can be sorted by. The container's format nearly all images share, and then it is the ids that order them. */
export const imageSorts = {
  name: 'name',
  container_format: 'id',
  disk_format: 'format',
  status: 'state',
  id: 'id',
  size: 'size',
  created_at: 'createdAt',
  updated_at: 'updatedAt',
} as const satisfies Readonly<Record<string, ImageSort>>;

export type ImageSortKey = keyof typeof imageSorts;

export const imageSortKeys = Object.keys(imageSorts) as ImageSortKey[];
