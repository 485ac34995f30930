/** How requests name an image: by its UUID, in the request's region and project (reference §1.1). */
import type { AppContext, Caller } from '../../../app/context.ts';
import { findImage } from '../../../app/find-image.ts';
import { isUuid } from '../../../domain/ids.ts';
import type { Image } from '../../../domain/image.ts';
import { RefusalError } from '../../../domain/refusal.ts';
import { FaultError } from '../../shared/faults.ts';
import { required, text } from '../../shared/parameters.ts';
import type { Fault } from '../fault.ts';
import { imageFaults } from '../image-faults.ts';
import type { Scope } from '../operation.ts';

const { imageIdMalformed, ownerOnly } = imageFaults;

/** Of operations that have it in their paths. */
export const imageId = required(text({ rule: 'a UUID', fault: imageIdMalformed, matches: isUuid }), imageIdMalformed);

/**
 * The image, if it lies in the request's region, and an own one in its project, too; otherwise it does not exist. Those of
 * others are in none of the caller's projects: they are everybody's or shared with the account.
 */
export async function findVisibleImage(
  context: Pick<AppContext, 'db'>,
  caller: Caller,
  scope: Scope,
  id: string,
): Promise<Image> {
  const notFound = () => new RefusalError('image.not-found', { image: id });
  // Its other names are other dialects'.
  if (!isUuid(id)) throw notFound();
  const image = await findImage(context, caller, id);
  if (!isInScope(image, caller, scope)) throw notFound();
  return image;
}

/** As {@link findVisibleImage}; one that is another account's is not the caller's to change. */
export async function findOwnImage(
  context: Pick<AppContext, 'db'>,
  caller: Caller,
  scope: Scope,
  id: string,
  notOwn: Fault = ownerOnly,
): Promise<Image> {
  const image = await findVisibleImage(context, caller, scope, id);
  if (image.accountId !== caller.accountId) throw new FaultError(notOwn);
  return image;
}

function isInScope({ accountId, projectId, region }: Image, caller: Caller, scope: Scope): boolean {
  return region === scope.region && (accountId !== caller.accountId || projectId === scope.projectId);
}
