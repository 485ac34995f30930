import { type Command, Option } from 'commander';
import { diskRoles } from '../../domain/image.ts';
import { snapshotStates } from '../../domain/states.ts';
import type { ApiSnapshot } from '../api-snapshots.ts';
import type { CliIo } from '../io.ts';
import { formatBytes, formatTime, yesOrNo } from '../render/units.ts';
import { addExamples } from './help.ts';
import { addDeleteCommand, addListCommand, addShowCommand, type Resource } from './resource.ts';
import { repeatable, repeatableChoice } from './values.ts';

export const snapshots: Resource<ApiSnapshot> = {
  singular: 'snapshot',
  plural: 'snapshots',
  path: '/snapshots',
  member: 'snapshots',
  names: ({ name, aliyunId, jdcloudId }) => [name, aliyunId, jdcloudId],
  columns: [
    { title: 'ID', value: ({ id }) => id },
    { title: 'NAME', value: ({ name }) => name },
    { title: 'REGION', value: ({ region }) => region },
    { title: 'ROLE', value: ({ role }) => role },
    { title: 'STATE', value: formatState },
    { title: 'IN USE', value: ({ images }) => yesOrNo(images.length > 0) },
    { title: 'SIZE', align: 'right', value: ({ size }) => formatBytes(size) },
    { title: 'DATA', align: 'right', value: formatData },
    { title: 'CREATED', value: ({ createdAt }) => formatTime(createdAt) },
  ],
  fields: (snapshot) => [
    ['Name', snapshot.name],
    ['Id', snapshot.id],
    ['Alibaba Cloud', snapshot.aliyunId],
    ['JD Cloud', snapshot.jdcloudId],
    ['Region', snapshot.region],
    ['Project', snapshot.projectId],
    ['Resource group', snapshot.resourceGroupId ?? '-'],
    ['State', formatState(snapshot)],
    ['Role', snapshot.role],
    ['Format', snapshot.format ?? '-'],
    ['Size', formatBytes(snapshot.size)],
    ['Data', formatData(snapshot)],
    ['Encrypted', snapshot.key === null ? 'no' : `with key ${snapshot.key}`],
    ['Description', snapshot.description || '-'],
    ['Tags', formatTags(snapshot) || '-'],
    ['Images', snapshot.images.map(({ id }) => id).join(', ') || '-'],
    ['Copied from', snapshot.source === null ? '-' : `${snapshot.source.id} in ${snapshot.source.region}`],
    ['Created', formatTime(snapshot.createdAt)],
  ],
};

function formatState({ state, percent }: ApiSnapshot): string {
  return state === 'progressing' ? `${state}, ${percent} %` : state;
}

function formatData({ dataBytes }: ApiSnapshot): string {
  return dataBytes === null ? '-' : formatBytes(dataBytes);
}

function formatTags({ tags }: ApiSnapshot): string {
  const named = Object.entries(tags).map(([key, value]) => `${key}=${value}`);
  return named.toSorted().join(', ');
}

export function addSnapshotCommands(program: Command, io: CliIo): void {
  const snapshot = program
    .command('snapshot')
    .description("what holds images' disks, and may be kept without them: look at, delete");
  const list = addListCommand(snapshot, io, snapshots)
    .option('--name <name>', 'only those of exactly this name')
    .option('--region <region>', 'only those in this region')
    .option('--image <image>', 'only those that this image stands on, by its id')
    .addOption(repeatableChoice('--state <state>', 'only those in this state', snapshotStates))
    .addOption(new Option('--role <role>', 'only those of such disks').choices(diskRoles))
    .addOption(
      new Option('--in-use <answer>', 'only those that an image stands on, or none').choices(['true', 'false']),
    )
    .option('--tag <key[:value]>', 'only those with this tag; may be repeated', repeatable)
    .option('--project <project>', 'only those in this project')
    .option('--resource-group <group>', 'only those in this resource group');
  addExamples(list, ['mimeo snapshot list', 'mimeo snapshot list --region eu-1 --in-use false --all']);
  addExamples(addShowCommand(snapshot, io, snapshots), ['mimeo snapshot show s-0a1b2c3d4e5f6g7h8i9j']);
  addExamples(addDeleteCommand(snapshot, io, snapshots), ['mimeo snapshot delete s-0a1b2c3d4e5f6g7h8i9j']);
}
