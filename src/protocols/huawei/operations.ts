/** Every operation that answers, of every service. */
import { createEnterpriseProject } from './eps/create-project.ts';
import { listEnterpriseProjects } from './eps/list-projects.ts';
import { listResources } from './eps/list-resources.ts';
import { migrateResource } from './eps/migrate-resource.ts';
import { operateEnterpriseProject } from './eps/operate-project.ts';
import { showEnterpriseProject } from './eps/show-project.ts';
import { updateEnterpriseProject } from './eps/update-project.ts';
import { addImageMember } from './glance/add-member.ts';
import { createTag } from './glance/add-tag.ts';
import { createGlanceImage } from './glance/create-image.ts';
import { deleteImageMember } from './glance/delete-member.ts';
import { deleteTag } from './glance/delete-tag.ts';
import { downloadFile } from './glance/download-file.ts';
import { listGlanceImages } from './glance/list-images.ts';
import { listImageMembers } from './glance/list-members.ts';
import { patchImage } from './glance/patch-image.ts';
import { showImage } from './glance/show-image.ts';
import { showImageMember } from './glance/show-member.ts';
import { showSchema } from './glance/show-schema.ts';
import { updateImageMember } from './glance/update-member.ts';
import { uploadFile } from './glance/upload-file.ts';
import { listImagesV1, showImageV1 } from './glance/v1.ts';
import { showGlanceVersion } from './glance/versions.ts';
import { checkRoles } from './iam/agencies/check-role.ts';
import { createAgency } from './iam/agencies/create-agency.ts';
import { deleteAgency } from './iam/agencies/delete-agency.ts';
import { grantRoles } from './iam/agencies/grant-role.ts';
import { listAgencies } from './iam/agencies/list-agencies.ts';
import { listGrantedRoles } from './iam/agencies/list-granted-roles.ts';
import { revokeRoles } from './iam/agencies/revoke-role.ts';
import { showAgency } from './iam/agencies/show-agency.ts';
import { updateAgency } from './iam/agencies/update-agency.ts';
import { showCatalog } from './iam/catalog.ts';
import { createToken } from './iam/create-token.ts';
import { createCredential } from './iam/credentials/create-credential.ts';
import { createSecurityToken } from './iam/credentials/create-security-token.ts';
import { deleteCredential } from './iam/credentials/delete-credential.ts';
import { listCredentials } from './iam/credentials/list-credentials.ts';
import { showCredential } from './iam/credentials/show-credential.ts';
import { updateCredential } from './iam/credentials/update-credential.ts';
import { listAuthDomains } from './iam/list-auth-domains.ts';
import { listAuthProjects } from './iam/list-auth-projects.ts';
import { listProjects } from './iam/list-projects.ts';
import { listRegions } from './iam/list-regions.ts';
import { listRoles } from './iam/list-roles.ts';
import { revokeToken } from './iam/revoke-token.ts';
import { showProject } from './iam/show-project.ts';
import { showRegion } from './iam/show-region.ts';
import { showRole } from './iam/show-role.ts';
import { checkToken, showToken } from './iam/show-token.ts';
import { showIdentityVersion } from './iam/versions.ts';
import { copyImage } from './ims/copy-image.ts';
import { createDataImage } from './ims/create-data-image.ts';
import { createImage } from './ims/create-image.ts';
import { createWholeImage } from './ims/create-whole-image.ts';
import { copyImageCrossRegion } from './ims/cross-region-copy.ts';
import { deleteImage } from './ims/delete-image.ts';
import { exportImage } from './ims/export-image.ts';
import { listImages } from './ims/list-images.ts';
import { listOsVersions } from './ims/list-os-versions.ts';
import { batchAddMembers } from './ims/members/add-members.ts';
import { batchDeleteMembers } from './ims/members/delete-members.ts';
import { listMembersOfImage } from './ims/members/list-members.ts';
import { showMemberOfImage } from './ims/members/show-member.ts';
import { batchUpdateMembers } from './ims/members/update-members.ts';
import { quickImportImage } from './ims/quick-import.ts';
import { registerImage } from './ims/register-image.ts';
import { showJob } from './ims/show-job.ts';
import { showJobProgress } from './ims/show-job-progress.ts';
import { showImageQuota } from './ims/show-quota.ts';
import { addImageTag } from './ims/tags/add-tag.ts';
import { batchAddOrDeleteTags } from './ims/tags/change-tags.ts';
import { deleteImageTag } from './ims/tags/delete-tag.ts';
import { batchDeleteTags } from './ims/tags/delete-tags.ts';
import { listImageTags } from './ims/tags/list-image-tags.ts';
import { listImageByTags } from './ims/tags/list-images-by-tags.ts';
import { listImagesTags } from './ims/tags/list-project-tags.ts';
import { listTags } from './ims/tags/list-tag-words.ts';
import { createOrUpdateTags } from './ims/tags/set-tag.ts';
import { updateImage } from './ims/update-image.ts';
import { cancelKeyDeletion } from './kms/cancel-key-deletion.ts';
import { createDatakey } from './kms/create-datakey.ts';
import { createDatakeyWithoutPlaintext } from './kms/create-datakey-without-plaintext.ts';
import { createKey } from './kms/create-key.ts';
import { decryptDatakey } from './kms/decrypt-datakey.ts';
import { describeKey } from './kms/describe-key.ts';
import { disableKey } from './kms/disable-key.ts';
import { enableKey } from './kms/enable-key.ts';
import { encryptDatakey } from './kms/encrypt-datakey.ts';
import { listKeyTags } from './kms/list-key-tags.ts';
import { listKeys } from './kms/list-keys.ts';
import { scheduleKeyDeletion } from './kms/schedule-key-deletion.ts';
import { showKeyRotation } from './kms/show-key-rotation.ts';
import type { Operation } from './operation.ts';
import { listVersions } from './root.ts';

export const operations: readonly Operation[] = [
  addImageMember,
  addImageTag,
  batchAddMembers,
  batchAddOrDeleteTags,
  batchDeleteMembers,
  batchDeleteTags,
  batchUpdateMembers,
  cancelKeyDeletion,
  ...checkRoles,
  checkToken,
  copyImage,
  copyImageCrossRegion,
  createAgency,
  createCredential,
  createDataImage,
  createDatakey,
  createDatakeyWithoutPlaintext,
  createEnterpriseProject,
  createGlanceImage,
  createImage,
  createOrUpdateTags,
  createKey,
  createSecurityToken,
  createTag,
  createToken,
  createWholeImage,
  decryptDatakey,
  deleteAgency,
  deleteCredential,
  deleteImage,
  deleteImageMember,
  deleteImageTag,
  deleteTag,
  describeKey,
  disableKey,
  downloadFile,
  enableKey,
  encryptDatakey,
  exportImage,
  ...grantRoles,
  listAgencies,
  listAuthDomains,
  listAuthProjects,
  listCredentials,
  listEnterpriseProjects,
  listGlanceImages,
  ...listGrantedRoles,
  listImageByTags,
  listImageMembers,
  listImageTags,
  listImages,
  listImagesTags,
  listImagesV1,
  listKeyTags,
  listKeys,
  listMembersOfImage,
  listOsVersions,
  listProjects,
  listRegions,
  listResources,
  listRoles,
  listTags,
  listVersions,
  migrateResource,
  operateEnterpriseProject,
  patchImage,
  quickImportImage,
  registerImage,
  ...revokeRoles,
  revokeToken,
  scheduleKeyDeletion,
  showAgency,
  showCatalog,
  showCredential,
  showEnterpriseProject,
  showGlanceVersion,
  showIdentityVersion,
  showImage,
  showImageMember,
  showImageQuota,
  showImageV1,
  showJob,
  showJobProgress,
  showKeyRotation,
  showMemberOfImage,
  showProject,
  showRegion,
  showRole,
  showSchema,
  showToken,
  updateAgency,
  updateCredential,
  updateEnterpriseProject,
  updateImage,
  updateImageMember,
  uploadFile,
];
