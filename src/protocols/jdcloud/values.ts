/** Reads an operation's parameters out of a request: of its path, and of its query or its JSON body, as its method has them. */
import { readParameters } from '../shared/parameters.ts';
import type { Operation } from './operation.ts';
import type { PathValues } from './paths.ts';
import { type JdcloudRequest, readBody, readQuery } from './request.ts';

export function readValues(
  { path = {}, query = {}, body = {} }: Operation,
  { method, url, body: bytes }: JdcloudRequest,
  pathValues: PathValues,
): Readonly<Record<string, unknown>> {
  return {
    ...readParameters(path, pathValues),
    ...(method === 'POST' ? readParameters(body, readBody(bytes)) : readParameters(query, readQuery(url))),
  };
}
