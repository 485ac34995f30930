/** One request as bytes, for what no HTTP client would send, and its answer. */
import { connect } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
}

/** The answer has to have a `Content-Length`, or to end with the connection. */
export function exchange(url: string, request: string | Uint8Array): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let received = Buffer.alloc(0);
    const end = () => {
      const answer = parse(received);
      if (answer === undefined) reject(new Error(`no whole answer: ${received.toString('latin1')}`));
      else resolve(answer);
    };
    socket.on('error', reject);
    socket.on('close', end);
    socket.on('data', (piece) => {
      received = Buffer.concat([received, piece]);
      if (parse(received) !== undefined) socket.destroy();
    });
    socket.write(request);
  });
}

function parse(bytes: Buffer): RawAnswer | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [first = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const headers = new Map(
    lines.map((line) => [line.split(':', 1)[0]?.toLowerCase() ?? '', line.replace(/^.*?: */, '')]),
  );
  const body = bytes.subarray(end + 4);
  if (body.length < Number(headers.get('content-length') ?? 0)) return undefined;
  return { status: Number(first.slice(9, 12)), headers, text: body.toString('utf8') };
}
