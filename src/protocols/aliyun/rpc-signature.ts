/** `SignatureVersion` 1.0, which Alibaba Cloud's pages call "V2": an HMAC of all parameters but `Signature` itself. */
import { createHmac } from 'node:crypto';
import { FaultError } from '../shared/faults.ts';
import { commonFaults } from './common-faults.ts';
import type { Values } from './parameters.ts';
import { canonicalQuery, percentEncode } from './percent-encoding.ts';
import { type AliyunRequest, missing } from './request.ts';
import { isSame, type Signature } from './signature.ts';

const algorithms: ReadonlyMap<string, string> = new Map([
  ['HMAC-SHA1', 'sha1'],
  ['HMAC-SHA256', 'sha256'],
]);

export function readRpcSignature({ method, values }: AliyunRequest): Signature {
  const demand = (name: string) => {
    const value = values.get(name);
    if (value) return value;
    throw missing(name);
  };
  const accessKeyId = demand('AccessKeyId');
  const signature = demand('Signature');
  const algorithm = algorithms.get(demand('SignatureMethod'));
  if (algorithm === undefined) throw unsupported('SignatureMethod');
  if (demand('SignatureVersion') !== '1.0') throw unsupported('SignatureVersion');
  // A bearer token in a query would be in every log on the way, and good for more than this request.
  if (values.get('SignatureType')) throw unsupported('SignatureType');
  const nonce = values.get('SignatureNonce');
  if (nonce === undefined) throw missing('SignatureNonce');
  return {
    accessKeyId,
    securityToken: values.get('SecurityToken') || undefined,
    timestamp: demand('Timestamp'),
    nonce,
    verify(secret) {
      const text = stringToSign(method, values);
      const right = createHmac(algorithm, `${secret}&`).update(text).digest('base64');
      // Clients compare the tail with what they signed, to tell a wrong secret from a wrong encoding (§1.9).
      if (!isSame(signature, right)) throw new FaultError(commonFaults.signatureMismatch, text);
    },
  };
}

function stringToSign(method: string, values: Values): string {
  const signed = new Map(values);
  signed.delete('Signature');
  return `${method}&%2F&${percentEncode(canonicalQuery(signed))}`;
}

function unsupported(name: string): FaultError {
  return new FaultError(commonFaults.signatureMethod, name);
}
