import { changeMembers } from '../../../app/share-image.ts';
import { updateImage } from '../../../app/update-image.ts';
import type { Image } from '../../../domain/image.ts';
import { FaultError } from '../../shared/faults.ts';
import { oneOf } from '../../shared/parameters.ts';
import { commonFaults } from '../common-faults.ts';
import { type OperationRequest, operation } from '../operation.ts';
import { flag, repeated, text } from '../parameters.ts';
import { findOwnImage, imageParameters } from './named-image.ts';
import { shareFaults } from './share-faults.ts';

const account = text({ rule: "an account's number", fault: commonFaults.invalidParameter });

/** How many accounts one request adds, or removes, and how many an image is shared with in all. */
const mostChanged = 10;
const mostAccounts = 50;

const parameters = {
  ...imageParameters,
  AddAccount: repeated(account, { most: mostChanged }),
  RemoveAccount: repeated(account, { most: mostChanged }),
  IsPublic: flag(),
  LaunchPermission: oneOf(['hide'], shareFaults.launchPermissionInvalid),
  DryRun: flag(),
};

/** Shares an image, one that is still being made included: Packer shares copies that are Waiting. */
export const modifyImageSharePermission = operation({
  service: 'ecs',
  action: 'ModifyImageSharePermission',
  summary: 'Shares an image with accounts, or takes it away from them, or opens it to everybody.',
  right: 'image.share',
  parameters,
  faults: shareFaults,
  refusals: {
    'account.not-found': ({ account: number }) => new FaultError(shareFaults.accountNotFound, number),
    'image.encrypted': shareFaults.encryptedSnapshot,
    'member.own': shareFaults.ownAccount,
    'member.limit': shareFaults.accountQuota,
  },
  async handle({ context, caller, parameters }) {
    refuseContradictions(parameters);
    const { AddAccount, RemoveAccount, IsPublic, DryRun } = parameters;
    refuseUnknown([...AddAccount, ...RemoveAccount]);
    const image = await findOwnImage(context, caller, parameters);
    if (image.state === 'deprecated' && (IsPublic || AddAccount.length > 0)) {
      throw new FaultError(shareFaults.imageDeprecated);
    }
    if (AddAccount.length + RemoveAccount.length > 0) {
      // Accounts and everybody are not changed in one transaction, so it would be half done.
      if (IsPublic === false && image.visibility === 'public') throw new FaultError(shareFaults.publicConflict);
      const changes = { add: AddAccount, remove: RemoveAccount };
      // An account here does not ask for what is shared with it, so nobody could accept it.
      await changeMembers(context, caller, image.id, changes, { accepted: true, most: mostAccounts, dryRun: DryRun });
    } else if (IsPublic !== undefined) {
      refuseAsIs(image, IsPublic);
      const visibility = IsPublic ? 'public' : 'private';
      await updateImage(context, caller, image.id, { visibility }, { dryRun: DryRun });
    } else if (DryRun) {
      throw new FaultError(commonFaults.dryRunPassed);
    }
    return {};
  },
});

/** Accounts have names as well, by which they are not known here. */
function refuseUnknown(accounts: readonly string[]): void {
  for (const number of accounts) {
    if (!/^\d{16}$/.test(number)) throw new FaultError(shareFaults.accountNotFound, number);
  }
}

function refuseContradictions({
  AddAccount,
  RemoveAccount,
  IsPublic,
  LaunchPermission,
}: OperationRequest<typeof parameters>['parameters']): void {
  const namesAccounts = AddAccount.length + RemoveAccount.length > 0;
  if (LaunchPermission !== undefined) {
    throw new FaultError(
      namesAccounts ? shareFaults.launchPermissionUnnecessary : shareFaults.launchPermissionForbidden,
    );
  }
  if (IsPublic && namesAccounts) throw new FaultError(shareFaults.publicConflict);
}

function refuseAsIs({ visibility }: Image, isPublic: boolean): void {
  if (isPublic && visibility === 'public') throw new FaultError(shareFaults.alreadyPublic);
  if (!isPublic && visibility !== 'public') throw new FaultError(shareFaults.notPublic);
}
