/**
 * Which project and region a request is about. The region comes from the host name, else from the project, else from the
 * configuration; the project from the path, the header or the token, else it is the region's default one (reference §1.1, §1.3).
 */

import type { Caller } from '../../app/context.ts';
import { findDefaultProject, findProjectById } from '../../app/tenants/find-project.ts';
import type { Project } from '../../domain/tenants.ts';
import { FaultError } from '../shared/faults.ts';
import { commonFaults } from './common-faults.ts';
import type { Fault } from './fault.ts';
import type { Hosts } from './hosts.ts';
import { readId } from './ids.ts';
import { kmsFaults } from './kms-faults.ts';
import type { HuaweiContext, Scope, ServiceName } from './operation.ts';

const { backendNotFound, projectDenied } = commonFaults;

/** What is said of a path's project that is not the caller's, or not the one that he names. */
function strangeProject(service: ServiceName): Fault {
  return service === 'kms' ? kmsFaults.projectInvalid : commonFaults.projectInvalid;
}

export interface ScopeOptions {
  readonly service: ServiceName;
  readonly caller: Caller;
  readonly hosts: Hosts;
  readonly headers: ReadonlyMap<string, string>;
  /** Of the path, where it has one. */
  readonly pathProject: string | undefined;
}

export async function findScope(
  context: HuaweiContext,
  { service, caller, hosts, headers, pathProject }: ScopeOptions,
): Promise<Scope> {
  const { region: hostRegion } = hosts;
  const projectInvalid = strangeProject(service);
  if (hostRegion !== undefined && !context.regions.includes(hostRegion)) throw new FaultError(backendNotFound);
  const header = headers.get('x-project-id') || undefined;
  const named = header === undefined ? undefined : idOf(header, projectDenied);
  const stated = caller.projectId ?? named;
  // A token's own project is not another one for a header.
  if (named !== undefined && named !== stated) throw new FaultError(projectDenied);
  const asked = pathProject === undefined ? undefined : idOf(pathProject, projectInvalid);
  if (stated !== undefined && asked !== undefined && stated !== asked) throw new FaultError(projectInvalid);
  const id = stated ?? asked;
  const project =
    id === undefined ? await findHome(context, caller, hostRegion) : await findProjectById(context, caller, id);
  const denied = asked === undefined ? projectDenied : projectInvalid;
  if (project === undefined) throw new FaultError(denied);
  // A token of one region opens nothing in another, whose images have other projects.
  if (hostRegion !== undefined && project.region !== hostRegion) throw new FaultError(denied);
  return { region: project.region, projectId: project.id };
}

function idOf(text: string, fault: Fault): string {
  const id = readId(text);
  if (id === undefined) throw new FaultError(fault);
  return id;
}

async function findHome(
  context: HuaweiContext,
  caller: Caller,
  hostRegion: string | undefined,
): Promise<Project | undefined> {
  const region = hostRegion ?? context.regions[0];
  return region === undefined ? undefined : await findDefaultProject(context, caller, region);
}

/** Of what is about the whole account: nobody speaks for another one. */
export function requireDomain({ accountId }: Caller, headers: ReadonlyMap<string, string>): void {
  const domain = headers.get('x-domain-id');
  if (domain && readId(domain) !== accountId) throw new FaultError(projectDenied);
}
