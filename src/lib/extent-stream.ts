/**
 * `application/vnd.mimeo.extents` (docs/native-api.md, "Content"): a disk's bytes without its holes. Both ends stream;
 * what is in memory at a time is one piece of the source, whatever the disk's size, and payload bytes are never copied.
 * Checks structure alone: whether the bytes are the right ones is for hashes further in.
 */

export const extentsMediaType = 'application/vnd.mimeo.extents';

/** Bytes and where on the disk they belong. */
export interface Run {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export interface ExtentStream {
  /** The whole disk's bytes, holes included. */
  readonly size: number;
  /** Ascending, within `size`, without overlap; ends or fails with the source, and stops it when left early. */
  readonly runs: AsyncIterable<Run>;
}

export type ExtentStreamErrorReason = 'malformed' | 'incomplete' | 'remote-error';

export class ExtentStreamError extends Error {
  readonly reason: ExtentStreamErrorReason;
  /** The problem document of a `remote-error`. */
  readonly problem: Readonly<Record<string, unknown>> | undefined;

  constructor(reason: ExtentStreamErrorReason, message: string, problem?: Readonly<Record<string, unknown>>) {
    super(message);
    this.name = 'ExtentStreamError';
    this.reason = reason;
    this.problem = problem;
  }
}

const magic = Buffer.from('MIMEOEX1', 'latin1');
const preambleLength = 16;
const headerLength = 24;
const kinds = { data: 1, end: 2, error: 3 } as const;
/** Most bytes of a problem document in the stream. */
const maxProblemLength = 65_536;

export interface EncodeOptions {
  /** Makes the problem document that tells the reader why `runs` failed; without it the failure is thrown. */
  readonly problemOf?: (error: unknown) => object;
}

/**
 * The stream of a disk of `size` bytes that is zero outside `runs`, which ascend and do not overlap. A piece is done
 * with when the next one is asked for, so `runs` may then use its buffer again.
 */
export async function* encodeExtents(
  size: number,
  runs: AsyncIterable<Run> | Iterable<Run>,
  options: EncodeOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  yield preamble(size);
  let end = 0;
  try {
    for await (const { offset, bytes } of runs) {
      if (bytes.length === 0) continue;
      if (offset < end || bytes.length > size - offset) {
        throw new RangeError(
          `run at ${offset} of ${bytes.length} bytes: the last one ended at ${end}, the disk at ${size}`,
        );
      }
      yield header(kinds.data, offset, bytes.length);
      yield bytes;
      end = offset + bytes.length;
    }
  } catch (error) {
    if (options.problemOf === undefined) throw error;
    const problem = Buffer.from(JSON.stringify(options.problemOf(error)));
    if (problem.length > maxProblemLength) throw error;
    yield header(kinds.error, end, problem.length);
    yield problem;
    return;
  }
  yield header(kinds.end, size, 0);
}

/** Reads the disk's size, then hands out runs as they come in: each is a part of one piece of `source`. */
export async function decodeExtents(source: AsyncIterable<Uint8Array>): Promise<ExtentStream> {
  const reader = createReader(source);
  try {
    const bytes = await reader.exactly(preambleLength);
    if (!magic.equals(bytes.subarray(0, magic.length))) throw malformed('it does not begin with MIMEOEX1');
    const size = readInteger(bytes, magic.length);
    return { size, runs: decodeRuns(reader, size) };
  } catch (error) {
    await reader.close();
    throw error;
  }
}

async function* decodeRuns(reader: Reader, size: number): AsyncGenerator<Run, void, undefined> {
  let end = 0;
  try {
    for (;;) {
      const record = readHeader(await reader.exactly(headerLength));
      if (record.kind === kinds.error) throw await readProblem(reader, record.length);
      if (record.kind === kinds.end) {
        if (record.offset !== size || record.length !== 0) throw malformed('its end record does not match its size');
        if (await reader.hasMore()) throw malformed('bytes follow its end record');
        return;
      }
      if (record.offset < end)
        throw malformed(`the record at ${record.offset} begins before ${end}, where the last one ended`);
      if (record.length > size - record.offset) throw malformed(`the record at ${record.offset} goes beyond the disk`);
      end = record.offset + record.length;
      for (let offset = record.offset; offset < end; ) {
        const bytes = await reader.atMost(end - offset);
        yield { offset, bytes };
        offset += bytes.length;
      }
    }
  } finally {
    await reader.close();
  }
}

function preamble(size: number): Uint8Array {
  const bytes = Buffer.alloc(preambleLength);
  magic.copy(bytes);
  bytes.writeBigUInt64LE(BigInt(size), magic.length);
  return bytes;
}

function header(kind: number, offset: number, length: number): Uint8Array {
  const bytes = Buffer.alloc(headerLength);
  bytes.writeUInt8(kind, 0);
  bytes.writeBigUInt64LE(BigInt(offset), 8);
  bytes.writeBigUInt64LE(BigInt(length), 16);
  return bytes;
}

function readHeader(bytes: Buffer): { kind: number; offset: number; length: number } {
  const kind = bytes.readUInt8(0);
  if (kind !== kinds.data && kind !== kinds.end && kind !== kinds.error)
    throw malformed(`no record is of kind ${kind}`);
  if (bytes.readUIntLE(1, 4) !== 0 || bytes.readUIntLE(5, 3) !== 0)
    throw malformed('a record header has bytes set that must be zero');
  return { kind, offset: readInteger(bytes, 8), length: readInteger(bytes, 16) };
}

function readInteger(bytes: Buffer, at: number): number {
  const value = bytes.readBigUInt64LE(at);
  if (value > Number.MAX_SAFE_INTEGER) throw malformed(`${value} is more than a disk can have`);
  return Number(value);
}

async function readProblem(reader: Reader, length: number): Promise<ExtentStreamError> {
  if (length > maxProblemLength) return malformed(`its problem document has ${length} bytes`);
  const text = (await reader.exactly(length)).toString();
  try {
    const problem: unknown = JSON.parse(text);
    if (typeof problem !== 'object' || problem === null) return malformed('its problem document is not an object');
    const { title } = problem as { title?: unknown };
    const message = typeof title === 'string' ? title : 'the sender could not go on';
    return new ExtentStreamError('remote-error', message, problem as Record<string, unknown>);
  } catch {
    return malformed('its problem document is not JSON');
  }
}

function malformed(what: string): ExtentStreamError {
  return new ExtentStreamError('malformed', `this is not a valid extent stream: ${what}`);
}

interface Reader {
  /** Between 1 and `limit` bytes. */
  atMost(limit: number): Promise<Uint8Array>;
  /** `length` bytes; only for headers and problems, because it copies those that a piece boundary cuts. */
  exactly(length: number): Promise<Buffer>;
  hasMore(): Promise<boolean>;
  close(): Promise<void>;
}

function createReader(source: AsyncIterable<Uint8Array>): Reader {
  const iterator = source[Symbol.asyncIterator]();
  let piece: Uint8Array = new Uint8Array(0);

  async function hasMore(): Promise<boolean> {
    while (piece.length === 0) {
      const next = await iterator.next();
      if (next.done) return false;
      piece = next.value;
    }
    return true;
  }

  async function atMost(limit: number): Promise<Uint8Array> {
    if (piece.length === 0 && !(await hasMore())) {
      throw new ExtentStreamError('incomplete', 'the extent stream broke off before its end record');
    }
    const bytes = piece.subarray(0, limit);
    piece = piece.subarray(bytes.length);
    return bytes;
  }

  return {
    atMost,
    hasMore,
    async exactly(length) {
      const parts: Uint8Array[] = [];
      for (let left = length; left > 0; ) {
        const part = await atMost(left);
        parts.push(part);
        left -= part.length;
      }
      return Buffer.concat(parts, length);
    },
    async close() {
      await iterator.return?.();
    },
  };
}
