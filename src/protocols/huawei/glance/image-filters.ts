/**
 * What Glance's lists can be asked for: all that the image service's can (`ims/image-filters.ts`), several ids or states at once,
 * and any text that images are kept with.
 */
import type { ImageQuery } from '../../../app/list-images.ts';
import { isUuid } from '../../../domain/ids.ts';
import { memberStatuses } from '../../../domain/sharing.ts';
import { isStorable } from '../../../lib/storable-text.ts';
import { FaultError } from '../../shared/faults.ts';
import { flag, type Parameters, type Read } from '../../shared/parameters.ts';
import { keysOf } from '../../shared/words.ts';
import { imageFilters as imsFilters, imageQueryOf as imsQueryOf } from '../ims/image-filters.ts';
import { statusOf } from '../ims/image-words.ts';
import type { Scope } from '../operation.ts';
import { readTagWord } from '../tag-words.ts';
import { glanceFaults } from './glance-faults.ts';
import { changeBy, isCustom, mergeChanges } from './image-parameters.ts';

const { invalid } = glanceFaults;

export const imageFilters = { ...inGlancesWords(imsFilters), os_hidden: flag(invalid) };

/** The same parameters, refused as Glance does it. */
function inGlancesWords<P extends Parameters>(parameters: P): P {
  const said = Object.entries(parameters).map(([name, parameter]) => [
    name,
    {
      ...parameter,
      faults: [invalid],
      read: (value: unknown) => asInvalid(() => parameter.read(value, name)),
    },
  ]);
  return Object.fromEntries(said) as P;
}

function asInvalid<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof FaultError)) throw cause;
    throw new FaultError(invalid, cause.about, { cause });
  }
}

/** Undefined where no image here can be asked for. `known`: the names that are no texts of images. */
export function imageQueryOf(
  given: Read<typeof imageFilters>,
  scope: Scope,
  search: string,
  known: ReadonlySet<string>,
): ImageQuery | undefined {
  const { id, status, os_hidden: isHidden, visibility, member_status: answer, ...others } = given;
  const everyAnswer = answer === 'all';
  const asked = {
    ...others,
    id: undefined,
    status: undefined,
    visibility: visibility === 'all' ? undefined : visibility,
    member_status: everyAnswer ? 'accepted' : answer,
  };
  const query = asInvalid(() => imsQueryOf(asked, scope, search));
  const ids = several(id, 'id')?.filter(isUuid);
  const states = several(status, 'status')?.flatMap((each) => keysOf(statusOf, each));
  if (query === undefined || isHidden || ids?.length === 0 || states?.length === 0) return undefined;
  const parameters = [...new URLSearchParams(search)].filter(([, value]) => value !== '');
  const texts = parameters.filter(([name, value]) => !known.has(name) && isStorable(name + value));
  const { attributes, properties } = mergeChanges(texts.map(([name, value]) => asChange(name, value)));
  return {
    ...query,
    ids,
    states,
    ...(everyAnswer && { memberStatus: memberStatuses }),
    // In Glance's tags a full stop is one.
    tags: parameters.filter(([name]) => name === 'tag').map(([, word]) => readTagWord(word)),
    attributes: { ...query.attributes, ...(attributes as ImageQuery['attributes']) },
    properties: { ...query.properties, ...(properties as ImageQuery['properties']) },
  };
}

/** What is said of the system in an image is kept elsewhere than the other texts; what only the service says is not asked for. */
function asChange(name: string, value: string) {
  const isSystem = ['__os_version', '__support_arm', 'hw_firmware_type', 'max_ram'].includes(name);
  return isSystem || isCustom(name) ? changeBy(name, value, { tags: {} }) : {};
}

/** So many as a page has images. */
const mostSeveral = 1000;

/** `in:one,other` is any of these. */
function several(text: string | undefined, name: string): string[] | undefined {
  if (!text) return undefined;
  const words = text.startsWith('in:') ? text.slice('in:'.length).split(',') : [text];
  if (words.length > mostSeveral) throw new FaultError(invalid, name);
  return words;
}
