/** Reads an operation's parameters out of a request's path, query and body, in this order. */

import { FaultError } from '../shared/faults.ts';
import { readParameters } from '../shared/parameters.ts';
import { commonFaults } from './common-faults.ts';
import { epsFaults } from './eps-faults.ts';
import type { Fault } from './fault.ts';
import { kmsFaults } from './kms-faults.ts';
import type { Operation, ServiceName } from './operation.ts';
import { plainFaults } from './plain-faults.ts';
import { type HuaweiRequest, readJson, readQuery, requireObject } from './request.ts';

export interface ReadValues {
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly payload: unknown;
}

const malformedBodies: Readonly<Record<ServiceName, Fault>> = {
  ims: commonFaults.bodyInvalid,
  glance: plainFaults[400],
  iam: plainFaults[400],
  eps: epsFaults.badRequest,
  kms: kmsFaults.jsonInvalid,
};

export function readValues(
  { service, path = {}, query = {}, body, payload }: Operation,
  { url, body: bytes }: HuaweiRequest,
  pathValues: Readonly<Record<string, string>>,
): ReadValues {
  const malformed = malformedBodies[service];
  const addressed = { ...readParameters(path, pathValues), ...readParameters(query, readQuery(url)) };
  const needsBody = [payload, ...Object.values(body ?? {})].some((parameter) => parameter?.isRequired);
  if (service === 'ims' && needsBody && bytes?.length === 0) throw new FaultError(commonFaults.bodyEmpty);
  if (bytes === null || (body === undefined && payload === undefined))
    return { parameters: addressed, payload: undefined };
  const json = readJson(bytes, malformed);
  if (payload !== undefined) return { parameters: addressed, payload: payload.read(json, 'body') };
  return {
    parameters: { ...addressed, ...readParameters(body ?? {}, requireObject(json, malformed)) },
    payload: undefined,
  };
}
