import { type CreateImageCommand, createImage } from '../../../app/create-image.ts';
import type { ImageKind } from '../../../domain/image.ts';
import { changeAttributes } from '../../../domain/image-attributes.ts';
import { changeProperties } from '../../../domain/image-properties.ts';
import { FaultError } from '../../shared/faults.ts';
import { isObject, oneOf, type Parameter } from '../../shared/parameters.ts';
import { readId } from '../ids.ts';
import { imageFaults } from '../image-faults.ts';
import { viewImage } from '../ims/image-view.ts';
import { bareMetal, environments } from '../ims/image-words.ts';
import { operation, type Scope } from '../operation.ts';
import { glanceFaults } from './glance-faults.ts';
import { changeBy, mergeChanges } from './image-parameters.ts';

const { enterpriseProjectInvalid } = imageFaults;
const { invalid, notPublishable, overLimit, readOnly } = glanceFaults;

export const createImageFaults = { invalid, enterpriseProjectInvalid, readOnly, notPublishable, overLimit };

type Said = Readonly<Record<string, unknown>>;

/** A null counts as nothing said. */
const imageObject: Parameter<Said> = {
  type: 'Object',
  isRequired: true,
  rule: "the image's attributes; whatever else is a text is kept with it",
  faults: [invalid],
  read(value, name) {
    if (!isObject(value)) throw new FaultError(invalid, name);
    return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== null));
  },
};

/** The bytes come later (`upload-file.ts`), and what they measure is known only then. */
export const createGlanceImage = operation({
  service: 'glance',
  method: 'POST',
  route: '/v2/images',
  name: 'GlanceCreateImageMetadata',
  summary: 'Makes an image without bytes; an upload brings them.',
  right: 'image.create',
  payload: imageObject,
  faults: createImageFaults,
  refusals: { 'resource-group.not-found': enterpriseProjectInvalid },
  async handle({ context, caller, scope, payload, hosts }) {
    const { result: image } = await createImage(context, caller, commandOf(payload, scope));
    const body = await viewImage(context, caller, image);
    const location = `${hosts.urlOf('ims', scope.region)}/v2/images/${image.id}`;
    return { status: 201, headers: { location }, body };
  },
});

function commandOf({ owner, virtual_env_type: environment, ...said }: Said, scope: Scope): CreateImageCommand {
  // Clients that are told which project to use say it here, too.
  const isElsewhere = typeof owner !== 'string' || readId(owner) !== scope.projectId;
  if (owner !== undefined && isElsewhere) throw new FaultError(readOnly, 'owner');
  const changes = Object.entries(said).map(([name, value]) => changeBy(name, value, { tags: {} }));
  const { name, description = '', attributes = {}, properties = {}, ...rest } = mergeChanges(changes);
  if (rest.visibility === 'public') throw new FaultError(notPublishable);
  const where = environmentOf(environment);
  const marked = where === bareMetal ? { virtual_env_type: bareMetal } : {};
  return {
    region: scope.region,
    project: scope.projectId,
    resourceGroup: rest.resourceGroup ?? undefined,
    // Glance's may have none; here it is then called by the id that Alibaba Cloud's clients know it by.
    name: name || null,
    description,
    kind: kindOf(where, properties.disk_format),
    rootDevice: 'cloud-disk',
    attributes: changeAttributes({}, attributes),
    properties: changeProperties(marked, properties),
    tags: rest.tags ?? {},
    protected: rest.protected,
    disks: [],
  };
}

const environmentWord = oneOf([...new Set(Object.values(environments)), bareMetal], invalid);

function environmentOf(value: unknown): ReturnType<typeof environmentWord.read> {
  return environmentWord.read(value, 'virtual_env_type');
}

function kindOf(environment: ReturnType<typeof environmentOf>, format: string | null | undefined): ImageKind {
  if (environment === environments['data-disk']) return 'data-disk';
  return environment === environments.iso || format === 'iso' ? 'iso' : 'system-disk';
}
