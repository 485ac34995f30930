/** Bytes that a request brings, handed on as they come. */
import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { fromHex } from '../../lib/hex.ts';
import { checkedBody } from '../shared/checked-body.ts';
import { FaultError } from '../shared/faults.ts';
import { commonFaults } from './common-faults.ts';
import type { Content, Operation } from './operation.ts';

/** `bodyHash`: what the bytes were signed with (SHA-256, hexadecimal); null where they were not. */
export function contentOf(operation: Operation, request: FastifyRequest, bodyHash: string | null): Content | null {
  const body = request.body as Readable | undefined | null;
  if (!operation.takesBytes || !body) return null;
  const length = request.headers['content-length'];
  const wrong = () => new FaultError(commonFaults.signatureWrong, 'the body is not what was signed');
  return {
    bytes: bodyHash === null ? body : checkedBody(body, fromHex(bodyHash), wrong),
    length: length === undefined ? null : Number(length),
    cutOff: (reason) => request.raw.destroy(reason),
  };
}
