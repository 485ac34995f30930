import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AttributeChanges,
  architectures,
  attributesOfCopy,
  bootModes,
  changeAttributes,
  type ImageAttributes,
  imdsVersions,
  osTypes,
  osWidths,
} from './image-attributes.ts';
import { checkAttributes } from './image-rules.ts';

const text = fc.string({ minLength: 1, maxLength: 10 });
const known = {
  family: text,
  version: text,
  osType: fc.constantFrom(...osTypes),
  platform: text,
  architecture: fc.constantFrom(...architectures),
  bootMode: fc.constantFrom(...bootModes),
  licenseType: text,
  nvmeSupport: fc.boolean(),
  imdsSupport: fc.constantFrom(...imdsVersions),
  cloudInit: fc.boolean(),
  osVersion: text,
  osBits: fc.constantFrom(...osWidths),
  minDiskGiB: fc.nat(),
  minRamMiB: fc.nat(),
  maxRamMiB: fc.nat(),
};
const attributes: fc.Arbitrary<ImageAttributes> = fc.record(known, { requiredKeys: [] });
const perhaps = <Value>(value: fc.Arbitrary<Value>) => fc.option(fc.option(value), { nil: undefined });
const changes: fc.Arbitrary<AttributeChanges> = fc.record({
  family: perhaps(known.family),
  osType: perhaps(known.osType),
  nvmeSupport: perhaps(known.nvmeSupport),
  maxRamMiB: perhaps(known.maxRamMiB),
});

describe('changeAttributes', () => {
  it('leaves what is left out, sets what is given and takes away what is null', () => {
    fc.assert(
      fc.property(attributes, changes, (before, change) => {
        const after = changeAttributes(before, change);
        for (const name of Object.keys(known) as (keyof ImageAttributes)[]) {
          const given = change[name];
          expect(after[name]).toBe(given === undefined ? before[name] : (given ?? undefined));
        }
        expect(Object.values(after).every((value) => value !== null && value !== undefined)).toBe(true);
      }),
    );
  });
});

describe('attributesOfCopy', () => {
  it('are all but whether it boots from NVMe disks', () => {
    fc.assert(
      fc.property(attributes, (source) => {
        const { nvmeSupport, ...copied } = attributesOfCopy(source) as ImageAttributes;
        expect(nvmeSupport).toBeUndefined();
        expect({ ...copied, nvmeSupport: source.nvmeSupport }).toEqual({ ...source, nvmeSupport: source.nvmeSupport });
      }),
    );
  });
});

describe('checkAttributes', () => {
  const texts = ['family', 'version', 'platform', 'licenseType', 'osVersion'] as const;

  it.each(texts)('lets %s have 1 to 128 characters', (name) => {
    for (const good of ['x', 'Windows Server 2022', 'Ж'.repeat(128)]) checkAttributes({ [name]: good });
    checkAttributes({ [name]: null });
  });

  it.each([
    ['nothing', '', 'must have 1 to 128 characters'],
    ['129 characters', 'x'.repeat(129), 'must have 1 to 128 characters'],
    ['a control character', 'a\nb', 'must not contain control characters'],
    ['a space at the end', 'Debian ', 'must not begin or end with a space'],
    ['half of a surrogate pair', 'a\ud800', 'must not contain U+0000 or half a surrogate pair'],
  ])('refuses %s in any of them', (_, bad, rule) => {
    for (const name of texts) {
      const refusal = { code: 'request.invalid', facts: { field: `attributes.${name}`, rule } };
      expect(() => checkAttributes({ [name]: bad })).toThrow(expect.objectContaining(refusal));
    }
  });

  const wholes = ['minDiskGiB', 'minRamMiB', 'maxRamMiB'] as const;

  it.each(wholes)('lets %s be a whole number from 0 on', (name) => {
    for (const good of [0, 1, 2 ** 31 - 1, null]) checkAttributes({ [name]: good });
    for (const bad of [-1, 0.5, 2 ** 31, Number.NaN, Number.POSITIVE_INFINITY]) {
      const rule = 'must be a whole number from 0 to 2147483647';
      const refusal = { code: 'request.invalid', facts: { field: `attributes.${name}`, rule } };
      expect(() => checkAttributes({ [name]: bad })).toThrow(expect.objectContaining(refusal));
    }
  });
});
