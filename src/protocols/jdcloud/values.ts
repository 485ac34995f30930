/** Reads an operation's parameters: from the path, and from the JSON body of a POST or the query of other methods. */
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
