/** Names that the server knows, for completion: quick or not at all. */
import { createClient } from '../client.ts';
import { readProfiles } from '../profiles.ts';
import { findServer, type Settings } from '../settings.ts';
import type { Candidate, Lookup } from './candidates.ts';

interface Source {
  readonly path: string;
  readonly member: string;
  /** What is typed, and what tells it from others. */
  readonly candidate: (thing: Thing, all: readonly Thing[]) => readonly [value: unknown, description?: unknown];
}

type Thing = Readonly<Record<string, unknown>>;

/** By the placeholder in a command's usage. */
const sources: Readonly<Record<string, Source>> = {
  image: {
    path: '/images?limit=200',
    member: 'images',
    // Copies are named as what they were copied from, so that it takes the region to tell them apart.
    candidate: ({ name, region }, all) =>
      all.some((other) => other['name'] === name && other['region'] !== region)
        ? [`${region}/${name}`]
        : [name, region],
  },
  region: { path: '/regions', member: 'regions', candidate: ({ id }) => [id] },
  copy: { path: '/copies?limit=20', member: 'copies', candidate: ({ id, state }) => [id, state] },
  task: {
    path: '/tasks?limit=20',
    member: 'tasks',
    candidate: ({ id, kind, state }) => [id, `${kind}, ${state}`],
  },
  user: { path: '/users', member: 'users', candidate: ({ name, role }) => [name, role] },
  account: { path: '/accounts', member: 'accounts', candidate: ({ name, number }) => [name, number] },
  'access-key': {
    path: '/users/self/access-keys',
    member: 'accessKeys',
    candidate: ({ id, description }) => [id, description],
  },
  agency: { path: '/agencies', member: 'agencies', candidate: ({ name, description }) => [name, description] },
  project: { path: '/projects', member: 'projects', candidate: ({ name, region }) => [name, region] },
  group: { path: '/resource-groups', member: 'resourceGroups', candidate: ({ name }) => [name] },
  'resource-group': { path: '/resource-groups', member: 'resourceGroups', candidate: ({ name }) => [name] },
  snapshot: { path: '/snapshots?limit=200', member: 'snapshots', candidate: ({ id, name }) => [id, name] },
  key: {
    path: '/keys?limit=200',
    member: 'keys',
    candidate: ({ id, aliases, description }) => [(aliases as string[])[0] ?? id, description],
  },
  session: { path: '/sessions', member: 'sessions', candidate: ({ id, name }) => [id, name] },
  webhook: { path: '/webhooks', member: 'webhooks', candidate: ({ id, url }) => [id, url] },
};

/** Milliseconds: somebody waits at the prompt. */
const patience = 1000;

/** `settings` are read when something is looked up, since the line itself may have `--profile`. */
export function createLookup(settings: () => Settings): Lookup {
  return async (placeholder) => {
    try {
      if (placeholder === 'profile') return await profileNames(settings());
      const source = Object.hasOwn(sources, placeholder) ? sources[placeholder] : undefined;
      return source === undefined ? [] : await askServer(settings(), source);
    } catch {
      // No server, no key, too slow: there is nobody to tell, and the shell completes without it.
      return [];
    }
  };
}

async function profileNames({ profilesFile }: Settings): Promise<Candidate[]> {
  const { profiles } = await readProfiles(profilesFile);
  return Object.entries(profiles).map(([value, { server }]) => ({ value, description: server }));
}

async function askServer(settings: Settings, { path, member, candidate }: Source): Promise<Candidate[]> {
  const client = createClient(await findServer(settings), AbortSignal.timeout(patience));
  const answer = await client.get<Record<string, Thing[]>>(path);
  return (answer[member] ?? []).map((thing, _, all) => {
    const [value, description = ''] = candidate(thing, all);
    return { value: String(value), description: String(description) };
  });
}
