import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { actions } from '../../domain/authorization.ts';
import { createOpenApiDocument } from './openapi.ts';
import { operations } from './operations.ts';

const document = createOpenApiDocument(operations);

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1', async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(JSON.parse(JSON.stringify(document)));
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
    expect(validator.version).toBe('3.1');
  });

  it('names each operation once', () => {
    const ids = operations.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)]);
    const places = operations.map(({ method, path }) => `${method} ${path}`);
    expect(places).toEqual([...new Set(places)]);
  });

  it('has every parameter of every path, and only references that lead somewhere', () => {
    for (const { path, params = {} } of operations) {
      expect(Object.keys(params)).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
    }
    const text = JSON.stringify(document);
    for (const [, kind = '', name = ''] of text.matchAll(/"#\/components\/(\w+)\/([\w-]+)"/g)) {
      expect(document.components?.[kind as 'schemas'], `${kind}/${name}`).toHaveProperty([name]);
    }
  });

  it('has a body as an example wherever there is one', () => {
    const without = operations.filter((each) => each.kind === 'json' && each.body && each.example === undefined);
    expect(without).toEqual([]);
  });

  it('asks for every right that can be given', () => {
    const asked = new Set(operations.map(({ action }) => action));
    // Asked for by what else an operation does.
    const within = ['image.publish', 'key.use', 'agency.assume'];
    expect(Object.keys(actions).filter((action) => !asked.has(action as never))).toEqual(within);
  });
});
