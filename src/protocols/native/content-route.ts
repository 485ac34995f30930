/** What the routes for a disk's content share. */
import { diskIndex, parse } from './input.ts';

export const contentPath = '/images/:id/disks/:index/content';
export const rawMediaType = 'application/octet-stream';

export interface ContentRoute {
  Params: { id: string; index: string };
}

/** The disk that a request is about. */
export function placeOf({ params }: { readonly params: ContentRoute['Params'] }): { image: string; disk: number } {
  return { image: params.id, disk: parse(diskIndex, params.index) };
}
