import type { ImportImageCommand } from '../../../app/tasks/import-image.ts';
import { FaultError } from '../../shared/faults.ts';
import { flag, list, object, oneOf, type Read, text } from '../../shared/parameters.ts';
import { commonFaults } from '../common-faults.ts';
import { operation, type Scope } from '../operation.ts';
import { createImageFaults as faults } from './import-faults.ts';
import {
  diskGiB,
  isConfig,
  keyParameter,
  memoryOf,
  memoryParameters,
  newImageOf,
  newImageParameters,
  refuseKey,
  systemGiB,
  systemOf,
  systemParameters,
  systemTexts,
  tagParameters,
  unconfigured,
} from './new-image-parameters.ts';
import { filePlace, type ObjectPlace } from './object-place.ts';
import { importRefusals, ordinaryObject, quickObject, startImports } from './start-import.ts';
import { imageDescription, newImageName } from './text-parameters.ts';

const { bodyInvalid } = commonFaults;

const types = ['ECS', 'BMS', 'FusionCompute', 'Ironic', 'IsoImage'] as const;

/** Of a server or a volume. */
const id = text({ rule: 'there is none here', fault: bodyInvalid });

const dataImage = object(
  {
    name: newImageName,
    description: imageDescription,
    image_url: filePlace,
    volume_id: id,
    min_disk: diskGiB.data,
    is_quick_import: flag(bodyInvalid),
    ...tagParameters,
  },
  bodyInvalid,
);

const body = {
  ...newImageParameters,
  image_url: filePlace,
  instance_id: id,
  volume_id: id,
  min_disk: diskGiB.system,
  ...memoryParameters,
  ...systemParameters,
  ...keyParameter,
  type: oneOf(types, faults.imageTypeInvalid),
  is_config: isConfig,
  is_quick_import: flag(bodyInvalid),
  data_images: list(dataImage, { most: 3, tooMany: faults.tooManyImages, fault: bodyInvalid }),
};

type Asked = Read<typeof body>;
type AskedData = NonNullable<Asked['data_images']>[number];

/** The images of data disks are images of their own, as in the cloud; one job tells of all. */
export const createImage = operation({
  service: 'ims',
  method: 'POST',
  route: '/v2/cloudimages/action',
  twins: ['/v2.1/cloudimages/action'],
  name: 'CreateImage',
  summary: 'Makes an image of an object in a bucket, and others of data disks; the answer is a job.',
  right: 'image.create',
  body,
  faults,
  refusals: importRefusals,
  async handle({ context, caller, scope, parameters: asked }) {
    const { image_url: place, data_images: dataImages = [] } = asked;
    if (asked.instance_id) throw new FaultError(faults.serverNotFound);
    if (asked.volume_id || dataImages.some(({ volume_id }) => volume_id)) throw new FaultError(faults.volumeNotFound);
    if (place === undefined) throw new FaultError(faults.sourceMissing);
    const system = systemImage(scope, { ...asked, min_disk: systemGiB(asked.min_disk, context.settings) }, place);
    const others = dataImages.map((wanted, index) => dataImageOf(scope, asked, { ...wanted, number: index + 1 }));
    refuseTwice([system, ...others]);
    return await startImports({ context, caller }, [system, ...others]);
  },
});

function systemImage(
  scope: Scope,
  asked: Asked & { readonly min_disk: number },
  place: ObjectPlace,
): ImportImageCommand {
  const { type, os_version, min_disk: minDiskGiB, is_quick_import: isQuick } = asked;
  const isIso = type === 'IsoImage' || /\.iso$/i.test(place.object);
  const isBareMetal = type === 'BMS' || type === 'Ironic';
  if (isIso && isBareMetal) throw new FaultError(faults.imageTypeInvalid);
  if (isBareMetal) refuseKey(asked);
  if (isIso && isQuick) throw new FaultError(faults.notQuick);
  if (isIso && !os_version) throw new FaultError(faults.isoVersionMissing);
  if (isQuick && !os_version) throw new FaultError(faults.osVersionMissing);
  const object = isQuick ? quickObject(place, minDiskGiB) : ordinaryObject(place, isIso ? 'iso' : null);
  return {
    ...newImageOf(scope, asked),
    kind: isIso ? 'iso' : 'system-disk',
    attributes: { ...systemOf(asked), ...memoryOf(asked), minDiskGiB },
    properties: { ...systemTexts(asked, isBareMetal), ...(asked.is_config && unconfigured) },
    disks: [{ ...object, role: 'system' }],
  };
}

/** Has the operating system's type, the enterprise project and the key of the image that it comes with. */
function dataImageOf(
  scope: Scope,
  asked: Asked,
  { number, ...wanted }: AskedData & { readonly number: number },
): ImportImageCommand {
  const { enterprise_project_id, cmk_id } = asked;
  const { image_url: place, min_disk: minDiskGiB, is_quick_import: isQuick } = wanted;
  if (place === undefined) throw new FaultError(faults.urlMalformed);
  if (minDiskGiB === undefined) throw new FaultError(faults.sizeInvalid);
  const name = wanted.name || `${stemOf(asked.name)}-data-${number}`;
  return {
    ...newImageOf(scope, { ...wanted, name, enterprise_project_id, cmk_id }),
    kind: 'data-disk',
    attributes: { osType: systemOf(asked).osType, minDiskGiB },
    properties: systemTexts(asked),
    disks: [{ ...(isQuick ? quickObject(place, minDiskGiB) : ordinaryObject(place)), role: 'data' }],
  };
}

/** So much of a name that more can follow, and no half of a letter. */
function stemOf(name: string): string {
  return name.slice(0, 120).replace(/\p{Cs}$/u, '');
}

function refuseTwice(images: readonly ImportImageCommand[]): void {
  const places = images.flatMap(({ disks }) => disks.map(({ bucket, object }) => `${bucket}:${object}`));
  if (new Set(places).size < places.length) throw new FaultError(faults.objectTwice);
}
