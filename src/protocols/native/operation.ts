/**
 * The native API as data: each operation with its fields, its answer and the refusals it can meet. The routes
 * (`routes.ts`), the OpenAPI document (`openapi.ts`) and the tests that walk every operation are made from it.
 */
import { z } from 'zod';
import type { AppContext, Caller } from '../../app/context.ts';
import type { Action } from '../../domain/authorization.ts';
import type { ProblemCode } from './protocol-error.ts';

/** What `GET /status` tells. */
export interface ServerStatus {
  readonly version: string;
  readonly dataDirectory: string;
  readonly database: { readonly version: string; readonly embedded: boolean };
  readonly regions: readonly string[];
  readonly uptimeSeconds: number;
}

/** What the operations work with. */
export interface NativeContext extends AppContext {
  readonly status: () => Promise<ServerStatus>;
}

export interface OperationRequest<Params, Query, Body> {
  readonly context: NativeContext;
  readonly caller: Caller;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** `Idempotency-Key`, of operations that take one. */
  readonly token: string | undefined;
  /** The revision that `If-Match` asks for, of operations that heed it; undefined: any. */
  readonly ifRevision: number | undefined;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
}

/** What an operation comes to. */
export interface Outcome<Body> {
  readonly body: Body;
  /** Becomes the `ETag`. */
  readonly revision?: number;
  /** The idempotency key was used before, and this is what was made then. */
  readonly replayed?: boolean;
}

type Shape = Readonly<Record<string, z.ZodType>>;
type Output<P extends Shape> = { readonly [Name in keyof P]: z.output<P[Name]> };
/** What stands for fields that an operation does not have. */
type None = Record<never, never>;

interface Description<P extends Shape, Q extends z.ZodObject> {
  /** A verb and a thing: `listImages`. */
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below `/api/v1`, with `{name}` for each parameter. */
  readonly path: string;
  /** A sentence. */
  readonly summary: string;
  /** The right that it takes; null: whoever has proved who they are. */
  readonly action: Action | null;
  readonly params?: P;
  readonly query?: Q;
  /** Problems besides those that every operation can have. */
  readonly refusals: readonly ProblemCode[];
}

interface JsonSpec<P extends Shape, Q extends z.ZodObject, B extends z.ZodType, A extends z.ZodType>
  extends Description<P, Q> {
  /** Of the answer that is no problem. */
  readonly status: 200 | 201 | 202 | 204;
  readonly body?: B;
  /** A body as somebody would send it; the OpenAPI document shows it, and the tests send it. */
  readonly example?: z.input<B>;
  readonly answer: A;
  /** `Idempotency-Key` is taken: a repeated request is answered with what was made. */
  readonly idempotent?: true;
  /** So many of an account are worked on at a time; it is for what costs much more than a request does. */
  readonly atOnce?: number;
  /** `GET` heeds `If-None-Match`, the others `If-Match`. */
  readonly conditional?: true;
  handle(request: OperationRequest<Output<P>, z.output<Q>, z.output<B>>): Promise<Outcome<z.input<A>>>;
}

interface EventsSpec<P extends Shape, Q extends z.ZodObject, A extends z.ZodType> extends Description<P, Q> {
  /** What each event is called, and what its data is. */
  readonly event: string;
  readonly answer: A;
  /** Tells what happens until it ends. */
  watch(request: OperationRequest<Output<P>, z.output<Q>, undefined>): AsyncIterable<z.input<A>>;
}

/** A disk's bytes: `content.ts` has the handlers, since no schema says what passes there. */
interface ContentSpec extends Omit<Description<Shape, z.ZodObject>, 'method'> {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'PATCH';
  /** Those of the answers that are no problems. */
  readonly statuses: readonly number[];
  /** Request headers that mean something. */
  readonly headers?: z.ZodObject;
  /** Media types of the bytes that the request brings, and of those that the answer does. */
  readonly takes: readonly string[];
  readonly gives: readonly string[];
  /** Of an answer that is JSON. */
  readonly answer: z.ZodType;
}

export interface JsonOperation extends JsonSpec<Shape, z.ZodObject, z.ZodType, z.ZodType> {
  readonly kind: 'json';
}
export interface EventsOperation extends EventsSpec<Shape, z.ZodObject, z.ZodType> {
  readonly kind: 'events';
}
export interface ContentOperation extends ContentSpec {
  readonly kind: 'content';
}
export type Operation = JsonOperation | EventsOperation | ContentOperation;

/** An answer without a body. */
export const nothing = z.undefined();

// The three forget their fields' types, which `handle` alone needs; it is given what was parsed with those very schemas.

export function operation<
  P extends Shape = None,
  Q extends z.ZodObject = z.ZodObject<None>,
  B extends z.ZodType = z.ZodUndefined,
  A extends z.ZodType = z.ZodType,
>(spec: JsonSpec<P, Q, B, A>): JsonOperation {
  return { kind: 'json', ...spec } as unknown as JsonOperation;
}

export function events<
  P extends Shape = None,
  Q extends z.ZodObject = z.ZodObject<None>,
  A extends z.ZodType = z.ZodType,
>(spec: EventsSpec<P, Q, A>): EventsOperation {
  return { kind: 'events', ...spec } as unknown as EventsOperation;
}

export function content(spec: ContentSpec): ContentOperation {
  return { kind: 'content', ...spec };
}
