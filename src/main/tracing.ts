/** The OpenTelemetry SDK, loaded only where traces are wanted. Without it the spans of src/telemetry/tracing.ts do nothing. */
import { context, DiagLogLevel, diag, propagation, trace } from '@opentelemetry/api';
import type { TracerConfig } from '@opentelemetry/sdk-trace-node';
import type { Secret } from '../lib/secret.ts';
import type { Logger } from '../telemetry/logger.ts';

export interface TracingOptions {
  /** An OTLP/HTTP collector; spans go to `/v1/traces` below it. */
  readonly endpoint: string;
  /** Sent with every export: `key=value,key=value`, values percent-encoded. */
  readonly headers: Secret | undefined;
  /** The share of traces that are kept, of those that no client has decided on. */
  readonly ratio: number;
  readonly version: string;
  /** The id of this server. */
  readonly server: string;
  readonly logger: Logger;
}

export interface Tracing {
  /** Sends what is waiting, within some five seconds, and ends. What could not be sent is lost, and logged. */
  stop(): Promise<void>;
}

type Resource = NonNullable<TracerConfig['resource']>;

export async function startTracing(options: TracingOptions): Promise<Tracing> {
  const { BatchSpanProcessor, NodeTracerProvider, ParentBasedSampler, TraceIdRatioBasedSampler } = await import(
    '@opentelemetry/sdk-trace-node'
  );
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http');
  const exporter = new OTLPTraceExporter({
    url: `${options.endpoint.replace(/\/+$/, '')}/v1/traces`,
    headers: parseHeaders(options.headers?.reveal() ?? ''),
    timeoutMillis: 5000,
    concurrencyLimit: 2,
  });
  const provider = new NodeTracerProvider({
    resource: resourceOf(options),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(options.ratio) }),
    // What a collector that is away does not take is dropped: 2048 spans are some megabytes.
    spanProcessors: [new BatchSpanProcessor(exporter, { maxQueueSize: 2048, maxExportBatchSize: 512 })],
    spanLimits: { attributeValueLengthLimit: 1024, attributeCountLimit: 32 },
  });
  provider.register();
  const hear = (message: string) => options.logger.warn({ reason: message.slice(0, 1000) }, 'traces could not be sent');
  const ignore = () => {};
  const diagnosis = { error: hear, warn: hear, info: ignore, debug: ignore, verbose: ignore };
  diag.setLogger(diagnosis, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  return {
    async stop() {
      for (const api of [trace, context, propagation]) api.disable();
      await provider.shutdown().catch((error: unknown) => options.logger.warn({ error }, 'the last traces are lost'));
      diag.disable();
    },
  };
}

/** By the names of OpenTelemetry's conventions. The package that makes resources is the SDK's own and not ours to import. */
function resourceOf({ version, server }: TracingOptions): Resource {
  const attributes = { 'service.name': 'mimeo', 'service.version': version, 'service.instance.id': server };
  const resource: Resource = {
    attributes,
    getRawAttributes: () => Object.entries(attributes),
    merge: (other) => other ?? resource,
  };
  return resource;
}

function parseHeaders(text: string): Record<string, string> {
  const pairs = text.split(',').filter((pair) => pair !== '');
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name = '', value = ''] = pair.split(/=(.*)/s, 2);
      return [name.trim(), decodeURIComponent(value)];
    }),
  );
}
