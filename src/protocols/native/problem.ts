/** The native API's error shape: RFC 9457 problem documents, one row for each refusal of the core. */
import { z } from 'zod';
import { actions } from '../../domain/authorization.ts';
import { DamageError, type FailureCode, type FailureError } from '../../domain/failure.ts';
import type { RefusalCode, RefusalError, RefusalFacts } from '../../domain/refusal.ts';
import { type ProblemDocument, problemDocument } from '../shared/problem-document.ts';

export const problemSchema = z
  .looseObject({
    type: z.string().meta({ description: '`urn:mimeo:problem:` and the code.' }),
    code: z.string(),
    title: z.string().meta({ description: 'One sentence for people.' }),
    status: z.int(),
  })
  .meta({ id: 'Problem', description: 'Why a request was not answered (RFC 9457); further members are the facts.' });

export interface ProblemRow<Facts> {
  readonly status: number;
  /** One sentence for people: what is wrong and, where it helps, what to do. */
  readonly title: (facts: Facts) => string;
}

/** What no role of an ordinary account allows. */
const ofInstallation: ReadonlySet<string> = new Set(
  Object.entries(actions).flatMap(([action, rule]) => ('administers' in rule ? [action] : [])),
);

export const refusalProblems: { readonly [Code in RefusalCode]: ProblemRow<RefusalFacts[Code]> } = {
  'request.invalid': { status: 400, title: ({ field, rule }) => `${field} ${rule}` },
  'request.idempotency-mismatch': {
    status: 422,
    title: ({ token }) => `the idempotency key ${token} was used for another request; take a new one`,
  },
  'request.dry-run-passed': {
    status: 400,
    title: ({ action }) => `this was only tried (${action}): it would be done; ask for it without a dry run`,
  },
  'precondition.failed': {
    status: 412,
    title: ({ image, revision }) => `image ${image} has changed: it is at revision ${revision}; read it again`,
  },
  forbidden: {
    status: 403,
    title: ({ action }) => {
      const who = ofInstallation.has(action) ? 'those who run the installation' : 'an owner of the account';
      return `you may not do this (${action}); ask ${who}`;
    },
  },
  'account.not-found': { status: 404, title: ({ account }) => `there is no account ${account}` },
  'account.exists': { status: 409, title: ({ name }) => `there is an account ${name} already` },
  'account.own': { status: 409, title: ({ account }) => `account ${account} cannot be disabled by its own users` },
  'user.not-found': { status: 404, title: ({ user }) => `there is no user ${user}` },
  'user.exists': { status: 409, title: ({ name }) => `there is a user ${name} already` },
  'user.last-owner': { status: 409, title: ({ user }) => `${user} is the last owner who can act; make another first` },
  'access-key.not-found': { status: 404, title: ({ accessKey }) => `there is no access key ${accessKey}` },
  'access-key.limit': {
    status: 409,
    title: ({ user, limit }) => `user ${user} has ${limit} access keys already; delete one first`,
  },
  'session.not-found': { status: 404, title: ({ session }) => `there is no session ${session}` },
  'session.limit': {
    status: 409,
    title: ({ user, limit }) => `user ${user} has ${limit} sessions already; end one first, or wait until one expires`,
  },
  'project.not-found': { status: 404, title: ({ project }) => `there is no project ${project}` },
  'project.exists': {
    status: 409,
    title: ({ region, name }) => `there is a project ${name} in region ${region} already`,
  },
  'project.in-use': {
    status: 409,
    title: ({ project }) => `project ${project} has images or snapshots, or is a region's default project`,
  },
  'agency.not-found': { status: 404, title: ({ agency }) => `there is no agency ${agency}` },
  'agency.exists': { status: 409, title: ({ name }) => `there is an agency ${name} already` },
  'agency.not-permitted': {
    status: 403,
    title: ({ agency, region }) => `agency ${agency} does not delegate this in region ${region}`,
  },
  'resource-group.not-found': {
    status: 404,
    title: ({ resourceGroup }) => `there is no resource group ${resourceGroup}`,
  },
  'resource-group.exists': { status: 409, title: ({ name }) => `there is a resource group ${name} already` },
  'resource-group.in-use': {
    status: 409,
    title: ({ resourceGroup }) => `resource group ${resourceGroup} has images or snapshots; move them first`,
  },
  'quota.images': { status: 409, title: (facts) => overQuota('images', facts) },
  'quota.snapshots': { status: 409, title: (facts) => overQuota('snapshots', facts) },
  'quota.bytes': { status: 409, title: (facts) => overQuota('bytes', facts) },
  'quota.copies': { status: 409, title: (facts) => overQuota('copies at once', facts) },
  'webhook.not-found': { status: 404, title: ({ webhook }) => `there is no webhook ${webhook}` },
  'webhook.limit': { status: 409, title: ({ limit }) => `there are ${limit} webhooks already; delete one first` },
  'webhook.disabled': { status: 409, title: ({ webhook }) => `webhook ${webhook} is disabled; enable it first` },
  'webhook.address': { status: 422, title: ({ url, reason }) => `webhooks cannot go to ${url}: ${reason}` },
  'delivery.not-found': { status: 404, title: ({ delivery }) => `there is no delivery ${delivery}` },
  'region.not-found': { status: 404, title: ({ region }) => `there is no region ${region}` },
  'image.not-found': { status: 404, title: ({ image }) => `there is no image ${image}` },
  'image.not-readable': {
    status: 409,
    title: ({ image, state }) => `image ${image} is ${state}; it can be read and copied once it is available`,
  },
  'image.being-copied': {
    status: 409,
    title: ({ image, copy }) =>
      copy === null
        ? `image ${image} is being copied by an account that it is shared with; wait`
        : `image ${image} is being copied; wait for copy ${copy} or cancel it`,
  },
  'image.changing': {
    status: 409,
    title: ({ image, state }) => `image ${image} is ${state}; wait, or cancel what it is waiting for`,
  },
  'image.protected': {
    status: 409,
    title: ({ image }) => `image ${image} is protected; take the protection away first`,
  },
  'image.shared': {
    status: 409,
    title: ({ image, visibility }) =>
      visibility === 'public'
        ? `image ${image} is public; make it private first`
        : `image ${image} is shared with other accounts; take it away from them first`,
  },
  'image.name-taken': {
    status: 409,
    title: ({ region, name }) => `there is an image ${name} in region ${region} already`,
  },
  'member.not-found': { status: 404, title: ({ image, account }) => `image ${image} is not shared with ${account}` },
  'member.own': { status: 409, title: ({ image }) => `image ${image} is your own; share it with others` },
  'member.limit': {
    status: 409,
    title: ({ image, limit }) => `image ${image} is shared with ${limit} accounts already`,
  },
  'share.not-found': { status: 404, title: ({ image }) => `nobody shares an image ${image} with you` },
  'snapshot.not-found': { status: 404, title: ({ snapshot }) => `there is no snapshot ${snapshot}` },
  'snapshot.not-ready': {
    status: 409,
    title: ({ snapshot, state }) =>
      `snapshot ${snapshot} is ${state}; an image can be made of it once it is accomplished`,
  },
  'snapshot.in-use': {
    status: 409,
    title: ({ snapshot, image }) =>
      image === null
        ? `an image in a project that you do not see stands on snapshot ${snapshot}; have it deleted first`
        : `image ${image} stands on snapshot ${snapshot}; delete the image first`,
  },
  'snapshot.other-region': {
    status: 409,
    title: ({ snapshot, region }) =>
      `snapshot ${snapshot} is in region ${region}, and an image is made in its own region`,
  },
  'tag.limit': { status: 409, title: ({ resource, limit }) => `${resource} would have more than ${limit} tags` },
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
  'disk.range': {
    status: 416,
    title: ({ disk, size }) => `disk ${disk} measures ${size} bytes, none of which are in the range; ask for others`,
  },
  'upload.wrong-offset': {
    status: 409,
    title: ({ disk, expected, received }) =>
      `disk ${disk} is stored up to ${expected}, so nothing can be added at ${received}; go on from ${expected}`,
  },
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
  'copy.not-retryable': {
    status: 409,
    title: ({ copy, state }) => `copy ${copy} is ${state}; what failed or was cancelled can be tried again`,
  },
  'copy.too-many': {
    status: 400,
    title: ({ limit, wanted }) => `one request makes at most ${limit} copies, and this one asks for ${wanted}`,
  },
  'copy.same-region': {
    status: 409,
    title: ({ image, region }) => `image ${image} is in region ${region} already; name another region`,
  },
  'copy.other-region': {
    status: 409,
    title: ({ image, region }) => `image ${image} can be copied in its own region only, not to ${region}`,
  },
  'copy.kind': { status: 409, title: ({ image, kind }) => `image ${image} is a ${kind}, which is not copied here` },
  'copy.root-device': {
    status: 409,
    title: ({ image, rootDevice }) => `image ${image} has its root on a ${rootDevice}, which is not copied`,
  },
  'copy.size': {
    status: 409,
    title: ({ image, size, limit }) => `image ${image} measures ${size} bytes, and ${limit} is the most that is copied`,
  },
  'copy.source': {
    status: 403,
    title: ({ image, owner }) =>
      `image ${image} is ${{ own: 'your own', shared: 'shared', public: 'public' }[owner]}, which is not copied here`,
  },
  'copy.shared-region': {
    status: 409,
    title: ({ image, region }) =>
      `image ${image} is shared with you and can be copied to its own region only, not ${region}`,
  },
  'copy.conflict': {
    status: 409,
    title: ({ image, region, copy }) =>
      `image ${image} is on its way to region ${region} already; wait for copy ${copy}`,
  },
  'copy.too-many-elsewhere': {
    status: 409,
    title: ({ limit, used }) =>
      `${used} copies to other regions have not finished, and ${limit} at once are the most; wait for one to end`,
  },
  'object-store.missing': {
    status: 409,
    title: () => 'this installation has no object store to import from and export to; its operator sets objectStoreUrl',
  },
  'object-store.unreachable': {
    status: 503,
    title: () => 'the object store does not answer at present; ask again later',
  },
  'object.bucket-not-found': { status: 404, title: ({ bucket }) => `there is no bucket ${bucket} in the object store` },
  'object.not-found': {
    status: 404,
    title: ({ bucket, object }) => `there is no object ${object} in bucket ${bucket}`,
  },
  'object.exists': {
    status: 409,
    title: ({ bucket, object }) => `there is an object ${object} in bucket ${bucket} already; choose another name`,
  },
  'object.denied': {
    status: 403,
    title: ({ bucket, object }) =>
      `the object store does not let this installation at ${object === null ? '' : `object ${object} in `}bucket ${bucket}`,
  },
  'object.size': {
    status: 409,
    title: ({ object, size, limit }) => `object ${object} has ${size} bytes; a disk has 1 to ${limit}`,
  },
  'export.format': {
    status: 409,
    title: ({ image, format, formats }) =>
      `image ${image} is ${formats}, not ${format}; disks are exported as they are`,
  },
  'export.size': {
    status: 409,
    title: ({ disk, size, limit }) => `disk ${disk} has ${size} bytes, and an object has at most ${limit}`,
  },
  'image.importing': {
    status: 409,
    title: ({ image, task }) => `image ${image} is being imported; wait for task ${task}, or cancel it`,
  },
  'image.exporting': {
    status: 409,
    title: ({ image, task }) => `image ${image} is being exported; wait for task ${task}, or cancel it`,
  },
  'task.not-found': { status: 404, title: ({ task }) => `there is no task ${task}` },
  'task.finished': { status: 409, title: ({ task, state }) => `task ${task} has ${state} and cannot be cancelled` },
  'task.completing': {
    status: 409,
    title: ({ task }) => `task ${task} is completing its objects and cannot be cancelled any more; wait for it to end`,
  },
  'image.encrypted': {
    status: 409,
    title: ({ image }) =>
      `image ${image} is encrypted, and no other account can use its key; share a copy that is not encrypted`,
  },
  'copy.decrypting': { status: 409, title: ({ image }) => `image ${image} is encrypted; name a key for its copy` },
  'copy.encrypting': { status: 409, title: ({ image }) => `image ${image} is not encrypted, and its copy cannot be` },
  'copy.same-key': {
    status: 409,
    title: ({ image, key }) => `image ${image} is encrypted with key ${key} already; name another`,
  },
  'key.not-found': { status: 404, title: ({ key }) => `there is no key ${key}` },
  'key.disabled': {
    status: 409,
    title: ({ key, state }) => `key ${key} is ${state}, and cannot be used as long as it is`,
  },
  'key.required': {
    status: 409,
    title: ({ image, region }) =>
      `image ${image} is encrypted with a key of its own region; name one of region ${region}, its default key, or none`,
  },
  'key.other-region': {
    status: 409,
    title: ({ key, region }) => `key ${key} is in region ${region}, and can be used there only; name another key`,
  },
  'key.not-granted': {
    status: 403,
    title: ({ key, service }) =>
      `key ${key} is not granted to the service ${service}; an owner of the account grants it`,
  },
  'key.region': {
    status: 409,
    title: ({ region, own }) =>
      own ? `region ${region} has default keys alone; use that` : `region ${region} has no keys; encrypt in another`,
  },
  'key.account': { status: 403, title: ({ account }) => `account ${account} may have no keys of its own` },
  'key.pending-deletion': {
    status: 409,
    title: ({ key }) => `key ${key} is to be deleted; cancel its deletion first`,
  },
  'key.not-pending-deletion': {
    status: 409,
    title: ({ key, state }) => `key ${key} is ${state}; there is no deletion to cancel`,
  },
  'key.pending-import': { status: 409, title: ({ key }) => `key ${key} has no material yet; import it first` },
  'key.not-external': {
    status: 409,
    title: ({ key }) => `key ${key} has material of its own; make one of origin external to import into`,
  },
  'key.external': {
    status: 409,
    title: ({ key }) => `key ${key} has the material that was imported and gets no other; make another key`,
  },
  'key.other-material': {
    status: 409,
    title: ({ key }) => `key ${key} was given other material before; import the same again, or make another key`,
  },
  'key.default': {
    status: 409,
    title: ({ key }) => `key ${key} is its region's default key, which stays as it is; name a key of your own instead`,
  },
  'key.limit': {
    status: 409,
    title: ({ region, limit }) => `there are ${limit} keys in region ${region} already; delete one first`,
  },
  'key.alias-exists': {
    status: 409,
    title: ({ region, alias }) => `there is an alias ${alias} in region ${region} already`,
  },
  'key.alias-not-found': { status: 404, title: ({ alias }) => `there is no alias ${alias}` },
  'key.alias-limit': {
    status: 409,
    title: ({ key, limit }) => `key ${key} has ${limit} aliases already; delete one first`,
  },
  'key.grant-not-found': {
    status: 404,
    title: ({ key, service }) => `key ${key} is not granted to a service ${service}`,
  },
  'store.full': { status: 507, title: ({ region }) => `the store of region ${region} has no space left` },
};

function overQuota(what: string, facts: RefusalFacts['quota.images']): string {
  const { region, limit, used, wanted } = facts;
  return `${wanted} more ${what} in region ${region} do not fit: ${used} of ${limit} are used`;
}

export function problemOfRefusal(refusal: RefusalError): ProblemDocument {
  const { code, facts } = refusal;
  // The table pairs each code with its facts; that a given error's two belong together is the constructor's promise.
  const row = refusalProblems[code] as ProblemRow<typeof facts>;
  return problemDocument(code, row.status, row.title(facts), facts);
}

export const failureStatus: { readonly [Code in FailureCode]: number } = {
  'source-gone': 410,
  'not-permitted': 403,
  'image-damaged': 500,
  'destination-full': 507,
  'object-store-unavailable': 503,
  'object-gone': 410,
  'object-denied': 403,
  'format-refused': 422,
  'key-provider-unavailable': 503,
  'key-disabled': 409,
  'key-gone': 410,
  'key-denied': 403,
  'source-key-disabled': 409,
  'source-key-gone': 410,
  'source-key-denied': 403,
  'store-unavailable': 503,
  'database-unavailable': 503,
  'attempts-exhausted': 500,
  internal: 500,
};

export function problemOfFailure(failure: FailureError): ProblemDocument {
  const { code, message } = failure;
  if (!(failure instanceof DamageError)) return problemDocument(code, failureStatus[code], message);
  const { image, disk, offset } = failure;
  return problemDocument(code, failureStatus[code], message, { image, disk, offset });
}
