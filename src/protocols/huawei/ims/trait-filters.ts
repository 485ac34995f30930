/** What lists can ask of the system in an image: each the reverse of how `image-words.ts` tells it. */
import type { TraitFilter, Traits } from '../../../domain/image-query.ts';
import { bareMetal, containerFormats, osWords, otherOs } from './image-words.ts';

const one = (...anyOf: Traits[]): TraitFilter => ({ anyOf });
const none = (...anyOf: Traits[]): TraitFilter => ({ anyOf, isNegated: true });

const neitherOs: Traits = { properties: { __os_type: otherOs } };
const windows: Traits = { attributes: { osType: 'windows' } };
const arm: Traits = { attributes: { architecture: 'arm64' } };
const narrow: readonly Traits[] = [{ attributes: { osBits: 32 } }, { attributes: { architecture: 'i386' } }];
const onBareMetal: Traits = { properties: { virtual_env_type: bareMetal } };
const wrapped = containerFormats
  .filter((format) => format !== 'bare')
  .map((format): [string, Traits] => [format, { properties: { container_format: format } }]);

type Filters = Readonly<Record<string, readonly TraitFilter[]>>;

/** By parameter and word. */
const filters = {
  __os_type: {
    [osWords.linux]: [none(windows, neitherOs)],
    [osWords.windows]: [one(windows), none(neitherOs)],
    [otherOs]: [one(neitherOs)],
  },
  __os_bit: { 32: [one(...narrow)], 64: [none(...narrow)] },
  architecture: { x86: [none(arm)], arm: [one(arm)] },
  // Of which kinds of image there are besides, `image-filters.ts` knows.
  virtual_env_type: {
    FusionCompute: [none(onBareMetal)],
    [bareMetal]: [one(onBareMetal)],
    DataImage: [],
    IsoImage: [],
  },
  container_format: {
    bare: [none(...wrapped.map(([, trait]) => trait))],
    ...Object.fromEntries(wrapped.map(([format, trait]) => [format, [one(trait)]])),
  },
} satisfies Readonly<Record<string, Filters>>;

type Name = keyof typeof filters;

/** Of all that is asked for; undefined where a word is none that an image here could have. */
export function traitsAsked(
  asked: Readonly<Partial<Record<Name, string | undefined>>>,
): readonly TraitFilter[] | undefined {
  const traits: TraitFilter[] = [];
  for (const [name, words] of Object.entries<Filters>(filters)) {
    const word = asked[name as Name];
    if (!word) continue;
    const meant = Object.hasOwn(words, word) ? words[word] : undefined;
    if (meant === undefined) return undefined;
    traits.push(...meant);
  }
  return traits;
}
