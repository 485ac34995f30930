/**
 * The URL of the module beside `moduleUrl`, for what is loaded by URL and not by import: `.ts` where the sources run
 * as they are, `.js` in the published build. tsc rewrites import specifiers, but not strings.
 */
export function siblingModule(moduleUrl: string, name: string): URL {
  const extension = moduleUrl.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./${name}.${extension}`, moduleUrl);
}
