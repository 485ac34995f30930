/** An OpenTelemetry collector: an HTTP server that keeps what it is sent. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

export interface CollectedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly kind: number;
  readonly attributes: readonly { key: string; value: object }[];
  readonly events: readonly { name: string }[];
  readonly status: { readonly code?: number };
}

interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly { key: string; value: object }[] };
    readonly scopeSpans: readonly { readonly spans: readonly CollectedSpan[] }[];
  }[];
}

export interface Collector {
  readonly endpoint: string;
  readonly requests: readonly {
    readonly url: string | undefined;
    readonly headers: IncomingHttpHeaders;
    readonly body: Export;
  }[];
  spans(): readonly CollectedSpan[];
  /** What it answers with from now on. */
  answerWith(status: number): void;
  close(): void;
}

export async function startCollector(): Promise<Collector> {
  const requests: { url: string | undefined; headers: IncomingHttpHeaders; body: Export }[] = [];
  let status = 200;
  const server = createServer(async (request, response) => {
    requests.push({ url: request.url, headers: request.headers, body: (await json(request)) as Export });
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    requests,
    spans: () =>
      requests
        .flatMap(({ body }) => body.resourceSpans)
        .flatMap(({ scopeSpans }) => scopeSpans)
        .flatMap(({ spans }) => spans),
    answerWith(wanted) {
      status = wanted;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
