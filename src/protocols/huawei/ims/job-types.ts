/** What jobs are called (reference §3.3). */
export const jobTypes = {
  copyInRegion: 'imsCopyImageInRegionJob',
  copyAcrossRegions: 'imsCrossRegionCopyImageJob',
  importImage: 'imsImportImageJob',
  importDataImage: 'imsImportDataImageJob',
  registerImage: 'imsNativeImportImageJob',
  exportImage: 'imsNativeExportImageJob',
  addMembers: 'imsAddImageMembersJob',
  updateMembers: 'imsUpdateImageMembersJob',
  deleteMembers: 'imsDelImageMembersJob',
} as const;

export type JobType = (typeof jobTypes)[keyof typeof jobTypes];
