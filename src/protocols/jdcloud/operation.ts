/**
 * The operations of JD Cloud's services as data: each with its path, its parameters, its error table and what the
 * core's refusals become. Routing, parsing, the page docs/protocols/jdcloud.md and the tests that walk every operation
 * are made from it.
 */
import type { AppContext, Caller } from '../../app/context.ts';
import type { Action } from '../../domain/authorization.ts';
import type { NoParameters, Parameters, Read } from '../shared/parameters.ts';
import type { RefusalFaults } from '../shared/refusals.ts';
import type { Faults } from './fault.ts';
import type { Page } from './page.ts';

/** The services that answer here. A request tells which it means by its credential's scope: two have the same paths. */
export const services = {
  vm: 'Virtual Machines',
  disk: 'Cloud Disk Service',
} as const;

export type ServiceName = keyof typeof services;

/** What the operations work with. */
export interface JdcloudContext extends AppContext {
  readonly page: Page;
}

interface Shape {
  readonly path: Parameters;
  readonly query: Parameters;
  readonly body: Parameters;
}

export interface OperationRequest<S extends Shape = Shape> {
  readonly context: JdcloudContext;
  readonly caller: Caller;
  /** Of the path; one that is configured. */
  readonly region: string;
  /** Of the path, the query and the JSON body together. */
  readonly parameters: Read<S['path'] & S['query'] & S['body']>;
}

interface Description<S extends Shape> {
  readonly service: ServiceName;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** What follows `/v1/regions/{regionId}`: `/images/{imageId}:share`. */
  readonly route: string;
  /** As JD Cloud's SDKs call it: `shareImage`. */
  readonly name: string;
  /** A sentence. */
  readonly summary: string;
  /** What the caller's role has to allow; checked before anything is said of what is named. Null: nothing. */
  readonly right: Action | null;
  readonly path?: S['path'];
  readonly query?: S['query'];
  readonly body?: S['body'];
  /** The published error table; rows that every operation can meet are in `common-faults.ts`. */
  readonly faults: Faults;
  /** What the core's refusals become where it is not what `refusals.ts` says. */
  readonly refusals?: RefusalFaults;
}

interface Spec<S extends Shape> extends Description<S> {
  /** What it answers under `result`; undefined: nothing. */
  handle(request: OperationRequest<S>): Promise<object | undefined>;
}

export interface Operation extends Spec<Shape> {}

/** Forgets the parameters' types, which `handle` alone needs; it is given what those very parameters read. */
export function operation<
  Path extends Parameters = NoParameters,
  Query extends Parameters = NoParameters,
  Body extends Parameters = NoParameters,
>(spec: Spec<{ path: Path; query: Query; body: Body }>): Operation {
  return spec as unknown as Operation;
}
