/** What every operation can meet: the gateway's rows, and those of services that belong to no operation (reference §9). */
import type { Faults } from './fault.ts';
import { unusedKmsFaults } from './kms-faults.ts';

const authentication = 'Incorrect IAM authentication information: ';

export const commonFaults = {
  apiNotFound: {
    status: 404,
    code: 'APIGW.0101',
    message: 'The API does not exist or has not been published in the environment',
    when: 'nothing answers the method and path',
  },
  backendNotFound: {
    status: 404,
    code: 'APIGW.0103',
    message: 'The backend does not exist',
    when: 'the host is named after a region that is not configured here',
  },
  badRequest: {
    status: 400,
    code: 'APIGW.0106',
    message: 'Orchestration error: %s',
    when: 'the request itself is malformed: a header that may come once came twice',
  },
  tooLarge: {
    status: 413,
    code: 'APIGW.0201',
    message: 'API request error: request entity too large',
    when: 'the body has more than 256 KiB, or a stream comes to an operation that takes JSON',
  },
  tokenMissing: {
    status: 401,
    code: 'APIGW.0301',
    message: `${authentication}x-auth-token not found`,
    when: 'the request has neither X-Auth-Token nor a signature',
  },
  tokenInvalid: {
    status: 401,
    code: 'APIGW.0301',
    message: `${authentication}decrypt token fail`,
    when: 'X-Auth-Token is no token, or it or what it rests on has expired, is disabled or gone',
  },
  signatureMalformed: {
    status: 401,
    code: 'APIGW.0301',
    message: `${authentication}%s`,
    when: 'Authorization has another algorithm or lacks a part, or a header that is to be signed is missing',
  },
  keyNotFound: {
    status: 401,
    code: 'APIGW.0301',
    message: `${authentication}ak %s not exist`,
    when: 'the access key does not exist, is disabled or has expired, or is temporary and X-Security-Token is not its own',
  },
  signatureExpired: {
    status: 401,
    code: 'APIGW.0301',
    message: `${authentication}calc aksk signature fail:signature expired, %s`,
    when: 'X-Sdk-Date is more than 15 minutes (a setting) from the clock',
  },
  signatureWrong: {
    status: 401,
    code: 'APIGW.0301',
    message: `${authentication}verify aksk signature fail, canonicalRequest:%s`,
    when: "the signature is not that of the request with the secret of the key; the tail is the server's canonical request, its lines with pipes between them",
  },
  keyLocked: {
    status: 401,
    code: 'APIGW.0301',
    message: `${authentication}AK access failed to reach the limit,forbidden`,
    when: 'more than five signatures of the access key in a row, from the same address, were wrong; for five minutes',
  },
  projectDenied: {
    status: 403,
    code: 'APIGW.0310',
    message: 'The project is not allowed to access the API',
    when: "X-Project-Id or X-Domain-Id names no project, or not the account, of the caller; or the token is another project's than X-Project-Id names, or than lies in the host's region",
  },
  throttled: {
    status: 429,
    code: 'APIGW.0308',
    message: 'The throttling threshold has been reached: policy user over ratelimit',
    when: 'a user sends more requests a minute than the setting allows',
  },
  methodUnsupported: {
    status: 405,
    code: 'APIGW.0501',
    message: 'Method not allowed',
    never: 'a path that does not answer the method is APIGW.0101',
  },
  internal: {
    status: 500,
    code: 'APIGW.0601',
    message: 'Internal server error',
    when: 'Mimeo failed; its log says why',
  },
  unavailable: {
    status: 503,
    code: 'APIGW.0613',
    message: 'The service is temporarily unavailable',
    when: 'a store is full, or the database is away',
  },
  bodyInvalid: {
    status: 400,
    code: 'IMG.0001',
    message: 'The request message format is invalid.',
    when: 'the body is no JSON object, or a value in it has another type than its rule says and no row of its own',
  },
  bodyEmpty: {
    status: 400,
    code: 'IMG.0007',
    message: 'The request body is empty.',
    when: 'an operation of the image service that needs a body gets none',
  },
  forbidden: {
    status: 400,
    otcStatus: 403,
    code: 'IMG.0026',
    message:
      'The role is invalid. You need to apply for the required permissions or pass the real-name authentication.',
    when: "the caller's role or agency does not allow the operation",
  },
  projectInvalid: {
    status: 400,
    code: 'IMG.0030',
    message: 'The project ID and token in the request are invalid.',
    when: 'the project of the path is not that of the token or of X-Project-Id',
  },
  tenantUnknown: {
    status: 400,
    code: 'IMG.0064',
    message: 'Failed to obtain tenant information from IAM.',
    never: 'who sends a request is known before the image service is asked, which has no other IAM to ask',
  },
  domainUnknown: {
    status: 400,
    code: 'IMG.0065',
    message: 'Failed to obtain the tenant domain from IAM.',
    never: 'the account comes with whoever sends the request',
  },
  tokenIncorrect: {
    status: 400,
    code: 'IMG.0087',
    message: 'The token is incorrect.',
    never: 'a token that is none is APIGW.0301, before the image service is asked',
  },
  systemError: {
    status: 400,
    code: 'IMG.0061',
    message: 'Unknown system error.',
    never: 'what fails here is APIGW.0601, a 500 that clients try again',
  },
  jobNotSubmitted: {
    status: 400,
    code: 'IMG.0018',
    message: 'An error occurred when the job was submitted.',
    never: 'a job is accepted in the same transaction as the request',
  },
  flowControl: {
    status: 400,
    code: 'IMG.0060',
    message: 'The number of tasks exceeds the flow control limit.',
    never: 'jobs wait their turn',
  },
  ...unusedKmsFaults,
} as const satisfies Faults;
