import type { ApiDisk, ApiImage } from '../api.ts';
import { type Column, renderFields, renderTable } from './table.ts';
import { formatBytes, formatTime, yesOrNo } from './units.ts';

export const imageColumns: readonly Column<ApiImage>[] = [
  { title: 'ID', value: ({ id }) => id },
  { title: 'NAME', value: ({ name }) => name },
  { title: 'REGION', value: ({ region }) => region },
  { title: 'STATE', value: ({ state }) => state },
  { title: 'SIZE', align: 'right', value: ({ disks }) => formatBytes(sum(disks.map(({ size }) => size))) },
  { title: 'DATA', align: 'right', value: ({ disks }) => formatData(disks) },
  { title: 'CREATED', value: ({ createdAt }) => formatTime(createdAt) },
];

/** For lists that are not only of one's own. */
export const ownerColumns: readonly Column<ApiImage>[] = [
  { title: 'OWNER', value: ({ owner }) => owner.name },
  { title: 'VISIBILITY', value: ({ visibility }) => visibility },
];

const diskColumns: readonly Column<ApiDisk>[] = [
  { title: 'DISK', align: 'right', value: ({ index }) => index },
  { title: 'ROLE', value: ({ role }) => role },
  { title: 'FORMAT', value: ({ format }) => format ?? '-' },
  { title: 'SIZE', align: 'right', value: ({ size }) => formatBytes(size) },
  { title: 'DATA', align: 'right', value: (disk) => formatData([disk]) },
  { title: 'SNAPSHOT', value: ({ snapshot }) => snapshot.id },
  { title: 'DIGEST', value: ({ digest }) => digest ?? '-' },
];

export function renderImage(image: ApiImage): string {
  const known = Object.entries(image.attributes).filter(([, value]) => value !== null);
  const system = known.map(([name, value]) => `${name}=${value}`);
  const tags = Object.entries(image.tags).map(([key, value]) => `${key}=${value}`);
  const fields = renderFields([
    ['Name', image.name],
    ['Id', image.id],
    ['Alibaba Cloud', image.aliyunId],
    ['JD Cloud', image.jdcloudId],
    ['Owner', `${image.owner.name} (${image.owner.number})`],
    ['Region', image.region],
    ['Project', image.projectId ?? '-'],
    ['Resource group', image.resourceGroupId ?? '-'],
    ['State', image.state],
    ['Visibility', image.visibility],
    ['Protected', yesOrNo(image.protected)],
    ['Encrypted', encryptionOf(image)],
    ['Kind', `${image.kind}, ${image.rootDevice}`],
    ['System', system.toSorted().join(', ') || '-'],
    ['Description', image.description || '-'],
    ['Tags', tags.toSorted().join(', ') || '-'],
    ['Copied from', image.sourceImageId ?? '-'],
    ['Created', formatTime(image.createdAt)],
    ['Updated', formatTime(image.updatedAt)],
  ]);
  return `${fields}\n\n${renderTable(diskColumns, image.disks)}`;
}

/** An image that is made of snapshots may have disks that are not. */
function encryptionOf({ encrypted, disks }: ApiImage): string {
  const keys = disks.flatMap(({ key }) => key ?? []);
  if (keys.length === 0) return yesOrNo(encrypted);
  const which = keys.length < disks.length ? `${keys.length} of ${disks.length} disks, ` : '';
  return `${which}with key ${[...new Set(keys)].join(', ')}`;
}

function formatData(disks: readonly ApiDisk[]): string {
  const known = disks.map(({ dataBytes }) => dataBytes).filter((bytes) => bytes !== null);
  return known.length < disks.length ? '-' : formatBytes(sum(known));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
