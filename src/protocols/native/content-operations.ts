/** What `content.ts` answers, for the OpenAPI document; docs/native-api.md, "Content", says how the headers play together. */
import { z } from 'zod';
import { encryptingRefusals, imageId, imageKeyRefusals } from './images.ts';
import { diskIndex } from './input.ts';
import { content, nothing } from './operation.ts';
import { imageSchema } from './render.ts';

const place = {
  path: '/images/{image}/disks/{index}/content',
  params: { image: imageId, index: diskIndex.meta({ description: "The disk's index; 0 is the first." }) },
};

const header = z.string().optional();
const uploadHeaders = z.object({ 'upload-complete': header, 'upload-length': header });

const uploadRefusals = [
  'image.not-found',
  'image.changing',
  'image.importing',
  'disk.not-found',
  'disk.has-content',
  'disk.upload-in-progress',
  'disk.unsafe-format',
  'upload.incomplete',
  'upload.malformed',
  'upload.wrong-offset',
  ...encryptingRefusals,
  'store.full',
  'transfers.busy',
  'store-unavailable',
] as const;

export const contentOperations = [
  content({
    ...place,
    id: 'uploadDisk',
    method: 'PUT',
    summary: "Brings a disk's bytes, or the first of them; with its last disk the image is available.",
    action: 'image.upload',
    headers: uploadHeaders,
    takes: ['application/octet-stream', 'application/vnd.mimeo.extents'],
    gives: [],
    statuses: [200, 204],
    answer: imageSchema,
    refusals: uploadRefusals,
  }),
  content({
    ...place,
    id: 'resumeUpload',
    method: 'PATCH',
    summary: 'Goes on with an upload that was cut off.',
    action: 'image.upload',
    headers: uploadHeaders.extend({ 'upload-offset': z.string() }),
    takes: ['application/partial-upload', 'application/vnd.mimeo.extents'],
    gives: [],
    statuses: [200, 204],
    answer: imageSchema,
    refusals: uploadRefusals,
  }),
  content({
    ...place,
    id: 'downloadDisk',
    method: 'GET',
    summary: "Gives a disk's bytes, all or a range of them.",
    action: 'image.download',
    query: z.strictObject({ from: z.coerce.number().int().min(0).optional() }),
    headers: z.object({ range: header, 'if-range': header, 'if-none-match': header }),
    takes: [],
    gives: ['application/octet-stream', 'application/vnd.mimeo.extents'],
    statuses: [200, 206, 304],
    answer: nothing,
    refusals: [
      'image.not-found',
      'image.not-readable',
      'disk.not-found',
      'disk.range',
      ...imageKeyRefusals,
      'transfers.busy',
      'store-unavailable',
    ],
  }),
  content({
    ...place,
    id: 'inspectContent',
    method: 'HEAD',
    summary: 'Says what there is of a disk, or how far its upload is.',
    action: 'image.download',
    takes: [],
    gives: [],
    statuses: [200, 204],
    answer: nothing,
    refusals: ['image.not-found', 'disk.not-found'],
  }),
];
