/** The native API as functions: what each sends and what it gives back is docs/native-api.md, in its order. */
import { decodeExtents, type ExtentStream, encodeExtents, extentsMediaType, type Run } from '../lib/extent-stream.ts';
import type {
  ApiCollection,
  ApiCopy,
  ApiCopyPlan,
  ApiCopyRequest,
  ApiImage,
  ApiImageChange,
  ApiNewCopies,
  ApiNewImage,
  ApiRegion,
  ApiStatus,
  ApiVerification,
} from './api.ts';
import type { ApiNewExport, ApiNewImport, ApiTask } from './api-tasks.ts';
import { CliError } from './cli-error.ts';
import { type ServerAddress, send } from './http.ts';
import { answerTimeout, createRequests, path, type Query, readAnswer } from './requests.ts';

export type Client = ReturnType<typeof createClient>;

/** How far an upload is. */
export interface ApiUpload {
  /** Bytes that are stored for good. */
  readonly offset: number;
  readonly isComplete: boolean;
}

/** What is still to be sent of a disk of `size` bytes. */
export interface DiskRest {
  readonly size: number;
  readonly from: number;
  readonly runs: AsyncIterable<Run>;
}

/** Requests end with `signal`'s reason when it is aborted, except those that leave something behind to clean up. */
export function createClient(server: ServerAddress, signal?: AbortSignal) {
  const requests = createRequests(server, signal);
  const { exchange, get, post, make, patch, remove } = requests;

  return {
    ...requests,
    url: server.url,
    status: () => get<ApiStatus>('/status'),
    listRegions: () => get<{ regions: ApiRegion[] }>('/regions'),
    // Not to be cut short: an image whose id never arrived could not be deleted again.
    createImage: (image: ApiNewImage) => make<ApiImage>('/images', image, { timeout: answerTimeout }),
    listImages: (query: Query = {}) => get<{ images: ApiImage[] }>('/images', query),
    getImage: (image: string) => get<ApiImage>(path`/images/${image}`),
    /** `revision`: refused when the image is at another one by now. */
    updateImage: (image: string, change: ApiImageChange, revision?: number) =>
      patch<ApiImage>(path`/images/${image}`, change, revision === undefined ? {} : { 'if-match': `"${revision}"` }),
    /** Also after an interrupt, because it is what cleans up. */
    deleteImage: (image: string, { keepSnapshots }: { readonly keepSnapshots?: true } = {}) =>
      remove(path`/images/${image}` + (keepSnapshots ? '?keepSnapshots=true' : ''), { timeout: answerTimeout }),
    /** How far a disk's upload is. */
    async findUpload(image: string, disk: number): Promise<ApiUpload> {
      const response = await send(server, {
        method: 'HEAD',
        path: path`/images/${image}/disks/${disk}/content`,
        signal,
        timeout: answerTimeout,
      });
      response.resume();
      const { 'upload-offset': offset, 'upload-complete': complete } = response.headers;
      if (offset !== undefined) return { offset: Number(offset), isComplete: complete === '?1' };
      // An answer to HEAD has no body that would say why.
      await get<ApiImage>(path`/images/${image}`);
      throw new CliError(`the server does not say how far disk ${disk} of image ${image} is`);
    },
    /** Adds the rest of a disk, from where its upload is. */
    uploadDisk: (image: string, disk: number, { size, from, runs }: DiskRest) =>
      exchange<ApiImage>({
        method: 'PATCH',
        path: path`/images/${image}/disks/${disk}/content`,
        headers: { 'content-type': extentsMediaType, 'upload-offset': String(from), 'upload-complete': '?1' },
        body: encodeExtents(size, runs),
        signal,
      }),
    async downloadDisk(image: string, disk: number, from = 0): Promise<ExtentStream> {
      const response = await send(server, {
        method: 'GET',
        path: path`/images/${image}/disks/${disk}/content?from=${from}`,
        headers: { accept: extentsMediaType },
        signal,
      });
      if (response.statusCode !== 200 || !response.headers['content-type']?.startsWith(extentsMediaType)) {
        return readAnswer(server.url, response, signal);
      }
      return decodeExtents(response);
    },
    createCopies: (copies: ApiNewCopies) => make<ApiCopyRequest>('/copies', copies),
    planCopies: (copies: ApiNewCopies) => post<ApiCopyPlan>('/copies/plan', copies),
    listCopies: (query: Query = {}) => get<{ copies: ApiCopy[] }>('/copies', query),
    getCopy: (copy: string) => get<ApiCopy>(path`/copies/${copy}`),
    cancelCopy: (copy: string) => post<ApiCopy>(path`/copies/${copy}/cancel`, {}),
    retryCopy: (copy: string) => make<ApiCopy>(path`/copies/${copy}/retry`, {}),
    importObjects: (wanted: ApiNewImport) => make<ApiTask>('/imports', wanted),
    exportImage: (image: string, wanted: ApiNewExport) => make<ApiTask>(path`/images/${image}/export`, wanted),
    getTask: (task: string) => get<ApiTask>(path`/tasks/${task}`),
    cancelTask: (task: string) => post<ApiTask>(path`/tasks/${task}/cancel`),
    // The two below walk through the stores before they answer, which may take hours.
    collect: (dryRun: boolean) => post<{ regions: ApiCollection[] }>('/store/collect', { dryRun }, { signal }),
    verify: (image: string | undefined) =>
      post<ApiVerification>('/store/verify', image === undefined ? {} : { image }, { signal }),
  };
}
