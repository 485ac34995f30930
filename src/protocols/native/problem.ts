/** The native API's error shape: RFC 9457 problem documents, one row for each refusal of the core. */
import { DamageError, type FailureCode, type FailureError } from '../../domain/failure.ts';
import type { RefusalCode, RefusalError, RefusalFacts } from '../../domain/refusal.ts';

export const problemType = 'application/problem+json';

export interface Problem {
  readonly type: string;
  readonly code: string;
  readonly title: string;
  readonly status: number;
  /** The facts of the error. */
  readonly [fact: string]: unknown;
}

interface Row<Facts> {
  readonly status: number;
  /** One sentence for people: what is wrong and, where it helps, what to do. */
  readonly title: (facts: Facts) => string;
}

const rows: { readonly [Code in RefusalCode]: Row<RefusalFacts[Code]> } = {
  'request.invalid': { status: 400, title: ({ field, rule }) => `${field} ${rule}` },
  'region.not-found': { status: 404, title: ({ region }) => `there is no region ${region}` },
  'image.not-found': { status: 404, title: ({ image }) => `there is no image ${image}` },
  'image.not-readable': {
    status: 409,
    title: ({ image, state }) => `image ${image} is ${state}; it can be read and copied once it is available`,
  },
  'image.being-copied': {
    status: 409,
    title: ({ image, copy }) => `image ${image} is being copied; wait for copy ${copy} or cancel it`,
  },
  'image.changing': {
    status: 409,
    title: ({ image, state }) => `image ${image} is ${state}; wait, or cancel what it is waiting for`,
  },
  'disk.not-found': { status: 404, title: ({ image, disk }) => `image ${image} has no disk ${disk} that can be read` },
  'disk.has-content': {
    status: 409,
    title: ({ image, disk }) => `disk ${disk} of image ${image} has its content already`,
  },
  'disk.upload-in-progress': {
    status: 409,
    title: ({ image }) => `image ${image} is being uploaded by another request`,
  },
  'disk.unsafe-format': { status: 422, title: ({ disk, reason }) => `disk ${disk} is refused: ${reason}` },
  'upload.incomplete': {
    status: 400,
    title: ({ disk, expected, received }) =>
      `disk ${disk} measures ${expected} bytes, but ${received} were announced or sent`,
  },
  'upload.malformed': {
    status: 400,
    title: ({ disk, reason }) => `the content of disk ${disk} cannot be used: ${reason}`,
  },
  'copy.not-found': { status: 404, title: ({ copy }) => `there is no copy ${copy}` },
  'copy.finished': { status: 409, title: ({ copy, state }) => `copy ${copy} has ${state} and cannot be cancelled` },
  'store.full': { status: 507, title: ({ region }) => `the store of region ${region} has no space left` },
};

export function problem(code: string, status: number, title: string, facts: object = {}): Problem {
  return { type: `urn:mimeo:problem:${code}`, code, title, status, ...facts };
}

export function problemOfRefusal(refusal: RefusalError): Problem {
  const { code, facts } = refusal;
  // The table pairs each code with its facts; that a given error's two belong together is the constructor's promise.
  const row = rows[code] as Row<typeof facts>;
  return problem(code, row.status, row.title(facts), facts);
}

const failureStatus: { readonly [Code in FailureCode]: number } = {
  'source-gone': 410,
  'image-damaged': 500,
  'destination-full': 507,
  'store-unavailable': 503,
  'database-unavailable': 503,
  'attempts-exhausted': 500,
  internal: 500,
};

export function problemOfFailure(failure: FailureError): Problem {
  const { code, message } = failure;
  if (!(failure instanceof DamageError)) return problem(code, failureStatus[code], message);
  const { image, disk, offset } = failure;
  return problem(code, failureStatus[code], message, { image, disk, offset });
}
