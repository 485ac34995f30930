/** Runs dependency-cruiser with our rules over the `src/` of a package. */
import { cruise, type ICruiseOptions, type ICruiseResult } from 'dependency-cruiser';
import { forbidden } from './rules.ts';

/** How we cruise, here and from dependency-cruiser's own command line (`.dependency-cruiser.mjs`). */
export const cruiseOptions: ICruiseOptions = {
  // Type-only imports count: a reader has to follow them too.
  tsPreCompilationDeps: true,
  doNotFollow: { path: 'node_modules' },
  // As Node resolves an import of ours, subpaths such as kysely/migration included.
  enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
};

/** What imports what below `packageFolder`, and which of it breaks a rule. */
export async function cruiseSource(packageFolder: string): Promise<ICruiseResult> {
  const { output } = await cruise(['src'], {
    ...cruiseOptions,
    baseDir: packageFolder,
    ruleSet: { forbidden },
    validate: true,
  });
  if (typeof output === 'string') throw new Error(`dependency-cruiser answered with text:\n${output}`);
  return output;
}
