import { describe, expect, it } from 'vitest';
import { FaultError } from '../../shared/faults.ts';
import { imageFaults } from '../image-faults.ts';
import { keyFaults } from './key-faults.ts';
import { cmkId, enterpriseProjectId, imageDescription, imageName } from './text-parameters.ts';

/** What the parameter reads, or the code with which it refuses. */
function read(parameter: { read(value: unknown, name: string): unknown }, value: unknown): unknown {
  try {
    return parameter.read(value, 'it');
  } catch (error) {
    if (error instanceof FaultError) return error.fault.code;
    throw error;
  }
}

describe('a name', () => {
  it.each(['a', '1', 'Debian 12 - golden_v1.0', '镜像', 'é', 'हिन्दी', '.-_', 'x'.repeat(128)])('can be %j', (name) => {
    expect(read(imageName, name)).toBe(name);
  });

  it.each([
    [undefined, imageFaults.nameMissing],
    [null, imageFaults.nameMissing],
    ['', imageFaults.nameMissing],
    ['x'.repeat(129), imageFaults.nameTooLong],
    [' '.repeat(129), imageFaults.nameTooLong],
    [' ', imageFaults.nameMalformed],
    [' a', imageFaults.nameMalformed],
    ['a ', imageFaults.nameMalformed],
    ['a\tb', imageFaults.nameMalformed],
    ['a\n', imageFaults.nameMalformed],
    ['a/b', imageFaults.nameMalformed],
    ['a:b', imageFaults.nameMalformed],
    ['a\u00a0b', imageFaults.nameMalformed],
    ['\0', imageFaults.nameMalformed],
    ['\ud800', imageFaults.nameMalformed],
    [7, imageFaults.nameMalformed],
    [['a'], imageFaults.nameMalformed],
  ])('cannot be %j', (name, { code }) => {
    expect(read(imageName, name)).toBe(code);
  });
});

describe('a description', () => {
  it.each(['', 'two\nlines, spaces & (brackets) é 镜像', 'x'.repeat(1024)])('can be %j', (description) => {
    expect(read(imageDescription, description)).toBe(description);
  });

  it.each([
    ['x'.repeat(1025), imageFaults.descriptionTooLong],
    ['<'.repeat(1025), imageFaults.descriptionTooLong],
    ['a\r\nb', imageFaults.descriptionMalformed],
    ['<', imageFaults.descriptionMalformed],
    ['a>b', imageFaults.descriptionMalformed],
    ['\0', imageFaults.descriptionMalformed],
    ['\udc00', imageFaults.descriptionMalformed],
    [7, imageFaults.descriptionMalformed],
  ])('cannot be %j', (description, { code }) => {
    expect(read(imageDescription, description)).toBe(code);
  });

  it('need not be there', () => {
    expect(read(imageDescription, undefined)).toBeUndefined();
    expect(read(imageDescription, null)).toBeUndefined();
  });
});

describe('an enterprise project', () => {
  const id = '7f1f6b2a-4a0c-4b9a-9d0e-6c0a3c0c6a55';
  it.each([
    [undefined, undefined],
    [null, undefined],
    ['', undefined],
    ['0', null],
    [id, id],
    ['all_granted_eps', imageFaults.enterpriseProjectInvalid.code],
    [id.replaceAll('-', ''), imageFaults.enterpriseProjectInvalid.code],
    ['golden', imageFaults.enterpriseProjectInvalid.code],
    [0, imageFaults.enterpriseProjectInvalid.code],
  ])('%j is read as %j', (value, expected) => {
    expect(read(enterpriseProjectId, value)).toBe(expected);
  });
});

it("a key is named by its id, and not by an alias nor by a word of the core's", () => {
  const id = 'bd66288c-9081-460a-8227-4cbd0c814cb4';
  expect(read(cmkId, '')).toBe('');
  expect(read(cmkId, id)).toBe(id);
  for (const word of ['golden', 'default', 'none', 'bd66288c']) {
    expect(read(cmkId, word)).toBe(keyFaults.keyNotFound.code);
  }
  expect(read(cmkId, 7)).toBe('IMG.0001');
});
