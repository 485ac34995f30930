/**
 * Spans, by OpenTelemetry's API alone: without an SDK, which main loads only when traces are asked for, all of this does
 * nothing. The span around an operation goes with the asynchronous work itself.
 */
import {
  type Attributes,
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';

export interface SpanOptions {
  /** A W3C `traceparent`, by which work goes on a trace that began elsewhere, or earlier. */
  readonly parent?: string | null | undefined;
  /** No span unless there is one around it: for what housekeeping does as well, of which nobody wants traces. */
  readonly onlyInside?: boolean;
}

/** Runs `work` in a span of that name, which ends when the work does and says whether it failed. */
export async function withSpan<Result>(
  name: string,
  attributes: Attributes,
  work: () => Promise<Result>,
  { parent, onlyInside = false }: SpanOptions = {},
): Promise<Result> {
  if (onlyInside && trace.getActiveSpan() === undefined) return await work();
  const around = parent ? contextOf(parent) : context.active();
  return await tracer().startActiveSpan(name, { attributes }, around, async (span) => {
    try {
      return await work();
    } catch (error) {
      fail(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

/** What the work in progress is called elsewhere: a W3C `traceparent`; null when it is not traced. */
export function currentTraceParent(): string | null {
  const carrier: { traceparent?: string } = {};
  propagation.inject(context.active(), carrier);
  return carrier.traceparent ?? null;
}

/** The span of a request, which begins and ends in different places. */
export interface RequestSpan {
  /** Runs `work` inside the span. */
  run<Result>(work: () => Result): Result;
  end(answer: { status: number; error?: string | undefined }): void;
}

/** Begins the span of a request; `traceparent` is what its client says. */
export function startRequestSpan(name: string, attributes: Attributes, traceparent: string | undefined): RequestSpan {
  const around = traceparent === undefined ? ROOT_CONTEXT : contextOf(traceparent);
  const span = tracer().startSpan(name, { kind: SpanKind.SERVER, attributes }, around);
  const inside = trace.setSpan(around, span);
  return {
    run: (work) => context.with(inside, work),
    end({ status, error }) {
      span.setAttribute('http.response.status_code', status);
      // By convention what the client did wrong is no error of the server's.
      if (status >= 500 || error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error ?? '' });
      span.end();
    },
  };
}

function tracer() {
  return trace.getTracer('mimeo');
}

function contextOf(traceparent: string): Context {
  return propagation.extract(ROOT_CONTEXT, { traceparent });
}

function fail(span: Span, error: unknown): void {
  if (error instanceof Error) span.recordException(error);
  span.setStatus({ code: SpanStatusCode.ERROR });
}
