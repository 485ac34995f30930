/** How Glance's requests name an image: by its UUID; a name is no id, and clients want to be told so. */
import type { AppContext, Caller } from '../../../app/context.ts';
import type { Image } from '../../../domain/image.ts';
import { required, text } from '../../shared/parameters.ts';
import { findOwnImage as findImageOfAccount } from '../ims/named-image.ts';
import type { Scope } from '../operation.ts';
import { glanceFaults } from './glance-faults.ts';

/** Of operations that have it in their paths. */
export const imageId = required(text({ rule: 'a UUID', fault: glanceFaults.notFound }), glanceFaults.notFound);

/** The image, for what only its account may do: Glance tells those who see it that they may not. */
export async function findOwnImage(
  context: Pick<AppContext, 'db'>,
  caller: Caller,
  scope: Scope,
  id: string,
): Promise<Image> {
  return await findImageOfAccount(context, caller, scope, id, glanceFaults.forbidden);
}
