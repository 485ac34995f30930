import { type Linking, linkOf } from './links.ts';

/** Regions have ids and no names. */
export function viewRegion(linking: Linking, id: string): object {
  return {
    id,
    type: 'public',
    description: '',
    parent_region_id: null,
    locales: { 'zh-cn': id, 'en-us': id },
    links: linkOf(linking, `regions/${id}`),
  };
}
