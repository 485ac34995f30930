import type { Caller } from '../../../../app/context.ts';
import { findShare } from '../../../../app/shares.ts';
import { isUuid } from '../../../../domain/ids.ts';
import type { Image } from '../../../../domain/image.ts';
import type { HuaweiContext, Scope } from '../../operation.ts';

/** The image, if another account shares it with the caller's in the request's region, whatever that has answered. */
export async function findOfferedImage(
  context: HuaweiContext,
  caller: Caller,
  { region }: Scope,
  id: string,
): Promise<Image | undefined> {
  const share = isUuid(id) ? await findShare(context, caller, id) : undefined;
  return share?.image.region === region ? share.image : undefined;
}
