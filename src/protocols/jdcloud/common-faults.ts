/**
 * What every operation can meet (reference §1.4): the rows of the gateway before all services, and what an operation
 * says of its region and its parameters where its own table has nothing better.
 */
import type { Faults } from './fault.ts';

export const commonFaults = {
  authorizationMissing: {
    status: 401,
    code: 'ACCESS_ERROR',
    message: 'lack of header authorization[gw]',
    when: 'the request has no Authorization, or one of another scheme',
  },
  credentialMissing: {
    status: 401,
    code: 'ACCESS_ERROR',
    message: 'lack of credential in the header authorization',
    when: 'Authorization has no Credential, or one of another form',
  },
  signedHeadersMissing: {
    status: 401,
    code: 'ACCESS_ERROR',
    message: 'lack of header signedHeaders',
    when: 'Authorization has no SignedHeaders, or more than 64 of them, or they name a header twice or one that the request does not have',
  },
  dateMissing: {
    status: 401,
    code: 'ACCESS_ERROR',
    message: 'lack of header x-jdcloud-date',
    when: 'the request has no x-jdcloud-date',
  },
  keyInvalid: {
    status: 401,
    code: 'ACCESS_ERROR',
    message: 'Invalid accessKey',
    when: 'the access key does not exist, is disabled or has expired, or is temporary and x-jdcloud-session-token is not its own',
  },
  credentialsInvalid: {
    status: 401,
    code: 'ACCESS_ERROR',
    message: 'Invalid authentication credentials: %s',
    when: 'x-jdcloud-date is malformed, of another day than the credential, or farther from the clock than the window, or the same signature came more often than clients repeat a request, or x-jdcloud-session-token is not signed',
  },
  signatureWrong: {
    status: 401,
    code: 'ACCESS_ERROR',
    message: 'sign result is not same [gw]',
    when: 'the signature is missing, or not that of the request with the secret of the key',
  },
  forbidden: {
    status: 403,
    code: 'HTTP_FORBIDDEN',
    message: "The caller's role does not allow %s",
    when: "the caller's role does not allow it",
  },
  addressDenied: {
    status: 403,
    code: 'HTTP_FORBIDDEN',
    message: 'Your IP address is not allowed',
    never: 'nobody is kept out by his address',
  },
  apiDisabled: {
    status: 403,
    code: 'HTTP_FORBIDDEN',
    message: 'api is disabled',
    never: 'operations are not switched off one by one',
  },
  apiNotFound: {
    status: 404,
    code: 'NOT_FOUND',
    message: 'no route and no API found with those values',
    when: 'no operation of the service in the credential has the method and path',
  },
  badRequest: {
    status: 400,
    code: 'HTTP_BAD_REQUEST',
    message: 'Bad request: %s',
    when: 'the request is malformed: its path, its body, or a body that did not arrive as announced',
  },
  tooLarge: {
    status: 413,
    code: 'HTTP_REQUEST_ENTITY_TOO_LARGE',
    message: 'Payload too large',
    when: 'the body has more than 256 KiB',
  },
  urlTooLong: {
    status: 414,
    code: 'HTTP_URI_TOO_LONG',
    message: 'URI too long',
    when: 'the path and the query have more than 8 KiB',
  },
  throttled: {
    status: 429,
    code: 'HTTP_RATE_LIMIT_EXCEEDED',
    message: 'minute rate limit exceeded, role:ak',
    when: 'the user, or its account, has sent more requests in a minute than it may',
  },
  apiThrottled: {
    status: 429,
    code: 'HTTP_RATE_LIMIT_EXCEEDED',
    message: 'minute rate limit exceeded, role:api',
    never: 'requests are counted for users and accounts, not for operations',
  },
  regionInvalid: {
    status: 400,
    code: 'INVALID_ARGUMENT',
    message: "Invalid region '%s'",
    when: 'the path names no region of this installation',
  },
  parameterMissing: {
    status: 400,
    code: 'INVALID_ARGUMENT',
    message: 'Parameter %N missing',
    when: 'a parameter that has to be there is missing or empty',
  },
  parameterInvalid: {
    status: 400,
    code: 'INVALID_ARGUMENT',
    message: 'Parameter %N invalid',
    when: 'a parameter breaks its rule, and no other row is about it',
  },
  outOfRange: {
    status: 400,
    code: 'OUT_OF_RANGE',
    message: '%N out of range',
    when: 'a number is smaller or larger than its rule allows, or a list longer',
  },
  internal: {
    status: 500,
    code: 'INTERNAL',
    message: 'Internal server error',
    when: 'something failed that should not have',
  },
  unknown: {
    status: 500,
    code: 'UNKNOWN',
    message: 'Unknown server error',
    when: 'the database, the store or the object store does not answer or is full: try again later',
  },
  gatewayError: {
    status: 500,
    code: 'HTTP_INTERNAL_SERVER_ERROR',
    message: 'An unexpected error occurred',
    never: 'there is no gateway that could fail by itself',
  },
  badGateway: {
    status: 502,
    code: 'HTTP_BAD_GATEWAY',
    message: 'An invalid response was received from the upstream server',
    never: 'there is no gateway that could fail by itself',
  },
  gatewayUnavailable: {
    status: 503,
    code: 'HTTP_SERVICE_UNAVAILABLE',
    message: 'The upstream server is currently unavailable',
    never: 'there is no gateway that could fail by itself',
  },
  gatewayTimeout: {
    status: 504,
    code: 'HTTP_SERVER_TIMING_OUT',
    message: 'The upstream server is timing out',
    never: 'there is no gateway that could fail by itself',
  },
} as const satisfies Faults;
