/** Writes docs/openapi.json from the native API's operations; with `--check` only says whether it is in step. */
import { createOpenApiDocument } from '../src/protocols/native/openapi.ts';
import { operations } from '../src/protocols/native/operations.ts';
import { keepPage } from './generated-page.ts';

const page = new URL('../docs/openapi.json', import.meta.url);

await keepPage(page, `${JSON.stringify(createOpenApiDocument(operations), null, 2)}\n`, 'openapi');
