/**
 * The operations of JD Cloud's services as data: each with its path, its parameters, its error table and what the
 * core's refusals become. Routing, parsing, the page docs/protocols/jdcloud.md and the tests that walk every operation
 * are made from it.
 */
import type { AppContext, Caller } from '../../app/context.ts';
import type { RestDescribed, RestShape } from '../shared/operation.ts';
import type { NoParameters, Parameters, Read } from '../shared/parameters.ts';
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

export interface OperationRequest<S extends RestShape = RestShape> {
  readonly context: JdcloudContext;
  readonly caller: Caller;
  /** Of the path; one that is configured. */
  readonly region: string;
  /** Of the path, the query and the JSON body together. */
  readonly parameters: Read<S['path'] & S['query'] & S['body']>;
}

interface Spec<S extends RestShape> extends RestDescribed<S> {
  readonly service: ServiceName;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** What follows `/v1/regions/{regionId}`: `/images/{imageId}:share`. */
  readonly route: string;
  /** What it answers under `result`; undefined: nothing. */
  handle(request: OperationRequest<S>): Promise<object | undefined>;
}

export interface Operation extends Spec<RestShape> {}

/** Forgets the parameters' types, which `handle` alone needs; it is given what those very parameters read. */
export function operation<
  Path extends Parameters = NoParameters,
  Query extends Parameters = NoParameters,
  Body extends Parameters = NoParameters,
>(spec: Spec<{ path: Path; query: Query; body: Body }>): Operation {
  return spec as unknown as Operation;
}
