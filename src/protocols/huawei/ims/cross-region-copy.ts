import type { Caller } from '../../../app/context.ts';
import { listProjects } from '../../../app/tenants/projects.ts';
import { isUuid } from '../../../domain/ids.ts';
import { FaultError } from '../../shared/faults.ts';
import { required, text } from '../../shared/parameters.ts';
import { commonFaults } from '../common-faults.ts';
import { huaweiCopyPolicies } from '../copy-policy.ts';
import { readId } from '../ids.ts';
import { type HuaweiContext, operation } from '../operation.ts';
import { crossRegionCopyFaults as faults } from './copy-faults.ts';
import { findVisibleImage, imageId } from './named-image.ts';
import { startCopy } from './start-copy.ts';
import { imageDescription, imageName } from './text-parameters.ts';

/** Sent to the region that the image lies in; so is what is asked about the job. */
export const copyImageCrossRegion = operation({
  service: 'ims',
  method: 'POST',
  route: '/v1/cloudimages/{image_id}/cross_region_copy',
  name: 'CopyImageCrossRegion',
  summary: 'Copies an image to another region; the answer is a job.',
  right: 'copy.create',
  path: { image_id: imageId },
  body: {
    name: imageName,
    description: imageDescription,
    region: required(text({ fault: faults.regionInvalid }), faults.regionInvalid),
    project_name: text({
      rule: 'needed where the account has several projects in the region',
      fault: faults.projectNotFound,
      // Projects have names and ids; this is to be the name.
      matches: (name) => !isUuid(name),
    }),
    agency_name: required(text({ fault: faults.agencyDenied }), faults.agencyDenied),
    vault_id: text({ rule: 'needed for images of whole machines, ignored otherwise', fault: commonFaults.bodyInvalid }),
  },
  faults,
  refusals: {
    'region.not-found': faults.regionInvalid,
    'project.not-found': faults.projectNotFound,
    'agency.not-permitted': faults.agencyDenied,
    'copy.same-region': faults.sameRegion,
    'copy.shared-region': faults.notSupported,
    'image.encrypted': faults.encrypted,
    'copy.kind': faults.isIso,
    'copy.size': faults.tooLarge,
    'copy.too-many-elsewhere': faults.tooMany,
  },
  async handle({ context, caller, scope, parameters }) {
    const { image_id, name, description, region, project_name, agency_name, vault_id = '' } = parameters;
    const { id, kind } = await findVisibleImage(context, caller, scope, image_id);
    if (kind === 'whole-machine' && readId(vault_id) === undefined) throw new FaultError(faults.vaultNotFound);
    if (!project_name) await requireOneProject(context, caller, region);
    const command = {
      policy: huaweiCopyPolicies.elsewhere,
      images: [id],
      sourceRegion: scope.region,
      regions: [region],
      project: project_name || undefined,
      agency: agency_name,
      name,
      description,
    };
    return await startCopy(context, caller, command);
  },
});

/** The account's default one, which it has everywhere, unless it has others. */
async function requireOneProject(context: HuaweiContext, caller: Caller, region: string): Promise<void> {
  const { projects } = await listProjects(context, caller, { region, limit: 2 });
  if (projects.length > 1) throw new FaultError(faults.projectMissing);
}
