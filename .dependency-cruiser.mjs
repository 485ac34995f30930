// For dependency-cruiser's own command line, such as `npx depcruise src --output-type err-long`.
// The rules and why they are there: scripts/layers/rules.ts. `npm run layers` does not read this file.
import { cruiseOptions } from './scripts/layers/cruise.ts';
import { forbidden } from './scripts/layers/rules.ts';

export default { forbidden, options: cruiseOptions };
