import { CliError } from './cli-error.ts';
import type { Client } from './client.ts';
import { exitCodes } from './exit-codes.ts';

/** The region that is meant when none is named. */
export async function onlyRegion(client: Client): Promise<string> {
  const { regions } = await client.listRegions();
  const [first, ...others] = regions;
  if (first !== undefined && others.length === 0) return first.id;
  throw new CliError(`which region? there are: ${regions.map(({ id }) => id).join(', ')}`, {
    exitCode: exitCodes.usage,
    advice: 'name one with --region',
  });
}
